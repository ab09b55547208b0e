/** The API's resources by the names the design gives them. */
import type { components } from './schema';

type Schemas = components['schemas'];

export type ApiKey = Schemas['ApiKey'];
export type ApiKeyCreate = Schemas['ApiKeyCreate'];
export type ApiKeyUpdate = Schemas['ApiKeyUpdate'];
export type AuditEntry = Schemas['AuditEntry'];
export type Cors = Schemas['Cors'];
export type CorsRefusal = Schemas['CorsRefusal'];
export type Endpoint = Schemas['Endpoint'];
export type EndpointCreate = Schemas['EndpointCreate'];
export type EndpointUpdate = Schemas['EndpointUpdate'];
export type Explanation = Schemas['Explanation'];
export type Fix = Schemas['Fix'];
export type Issue = Schemas['Issue'];
export type Problem = Schemas['Problem'];
export type Project = Schemas['Project'];
export type Session = Schemas['Session'];
export type Traffic = Schemas['Traffic'];
/** `POST /v1/cors/explain`. The schema's alternatives (a call, or a line of a console) are lost in its generated type. */
export interface Question {
  project?: string;
  endpoint?: string;
  key_id?: string;
  origin?: string;
  method?: string;
  headers?: string[];
  credentials?: boolean;
  console?: string;
}

export type Csp = Schemas['Csp'];
export type CspQuestion = Schemas['CspQuestion'];
export type Node = Schemas['Node'];
export type Settings = Schemas['Settings'];
