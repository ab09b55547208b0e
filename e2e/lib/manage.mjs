/** The management API, as far as the tests need it. */
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import * as http from 'node:http';
import * as https from 'node:https';
import { text } from 'node:stream/consumers';

export class Management {
  #url;
  #key;
  #ca;

  /**
   * @param {string} url of the gateway
   * @param {string} key a key that may manage
   * @param {string} [ca] the authority of its certificate, a PEM file
   */
  constructor(url, key, ca) {
    this.#url = url;
    this.#key = key;
    this.#ca = ca && readFileSync(ca);
  }

  /**
   * @param {string} slug
   * @returns {Promise<{ id: string, slug: string }>}
   */
  createProject(slug = 'shop') {
    return this.#send('POST', '/v1/projects', { slug, name: slug });
  }

  /**
   * Creates an endpoint.
   * @param {string} project id or slug
   * @param {{ name: string, upstream: { base_url: string } } & Record<string, unknown>} document
   * @returns {Promise<{ name: string, url: string, cors: object }>}
   */
  createEndpoint(project, document) {
    return this.#send('POST', `/v1/projects/${project}/endpoints`, document);
  }

  /** @param {string} project @param {string} name @param {object} patch a JSON Merge Patch */
  updateEndpoint(project, name, patch) {
    return this.#send('PATCH', `/v1/projects/${project}/endpoints/${name}`, patch);
  }

  /** @param {string} project @param {string} name */
  deleteEndpoint(project, name) {
    return this.#send('DELETE', `/v1/projects/${project}/endpoints/${name}`);
  }

  /**
   * @param {{ project: string, kind: 'publishable' | 'secret' } & Record<string, unknown>} document
   * @returns {Promise<{ id: string, token: string }>}
   */
  createKey(document) {
    return this.#send('POST', '/v1/api-keys', { name: `a ${document.kind} key`, ...document });
  }

  /** @param {string} id */
  revokeKey(id) {
    return this.#send('DELETE', `/v1/api-keys/${id}`);
  }

  /** @param {object} question @returns {Promise<object>} */
  explain(question) {
    return this.#send('POST', '/v1/cors/explain', question);
  }

  /** @param {string} path of a resource @param {object} patch a JSON Merge Patch */
  patch(path, patch) {
    return this.#send('PATCH', path, patch);
  }

  /** Ends all sessions of a key. @param {string} token */
  async endSessions(token) {
    await new Management(this.#url, token).#send('DELETE', '/dashboard/api/session?everywhere=true');
  }

  /** A link that signs a browser in once, with this key. @param {string} token @returns {Promise<{ url: string }>} */
  signInLink(token) {
    return new Management(this.#url, token).#send('POST', '/dashboard/api/sign-in-links', {});
  }

  /** @param {string} path of a resource or list */
  get(path) {
    return this.#send('GET', path);
  }

  async #send(method, path, document) {
    const headers = { authorization: `Bearer ${this.#key}`, 'content-type': 'application/json' };
    // Not fetch, which cannot be told of an authority.
    const { request } = this.#ca ? https : http;
    const asking = request(this.#url + path, { method, headers, ca: this.#ca });
    asking.end(document === undefined ? undefined : JSON.stringify(document));
    const [response] = await once(asking, 'response');
    const body = await text(response);
    if (response.statusCode >= 300) throw new Error(`${method} ${path} answered ${response.statusCode}: ${body}`);
    return body === '' ? undefined : JSON.parse(body);
  }
}
