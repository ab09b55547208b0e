/** The management API, as far as the tests need it. */

export class Management {
  #url;
  #key;

  /**
   * @param {string} url of the gateway
   * @param {string} key a key that may manage
   */
  constructor(url, key) {
    this.#url = url;
    this.#key = key;
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

  async #send(method, path, document) {
    const response = await fetch(this.#url + path, {
      method,
      headers: { authorization: `Bearer ${this.#key}`, 'content-type': 'application/json' },
      body: document === undefined ? undefined : JSON.stringify(document),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} ${path} answered ${response.status}: ${text}`);
    return text === '' ? undefined : JSON.parse(text);
  }
}
