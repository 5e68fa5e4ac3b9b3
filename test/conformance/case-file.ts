import { readdirSync, readFileSync } from 'node:fs';
import { parse } from 'yaml';
import { z } from 'zod';

/**
 * Conformance cases: a configuration, requests, and what must become of each. Driven through the pure core and through a
 * real listener; adding something to the language begins with a file in cases/.
 *
 * A case file has `services` (name: its versions), `config` (the rest of the configuration, as text, so that it is read as a
 * user's would be), `lists` (texts of list files) and `cases`.
 */
export interface CaseFile {
  readonly name: string;
  readonly services: Readonly<Record<string, readonly string[]>>;
  readonly config: string;
  /** Texts of list files by the path that the configuration names. */
  readonly lists: Readonly<Record<string, string>>;
  readonly cases: readonly ConformanceCase[];
}

export interface ConformanceCase {
  readonly name: string;
  readonly request: CaseRequest;
  /** What the random source gives, in [0, 1), every time that it is asked. */
  readonly draw: number;
  readonly expect: Expected;
}

export interface CaseRequest {
  readonly method: string;
  readonly host: string;
  /** Without the query. */
  readonly path: string;
  /** Without its '?'. */
  readonly query: string;
  /** Lines in order; values are texts, sent as UTF-8. */
  readonly headers: readonly (readonly [string, string])[];
  /** null: none, not even an empty one. */
  readonly body: Uint8Array | null;
  /** When it comes in, milliseconds since the epoch; null: whenever it is run. */
  readonly timeMs: number | null;
  /** Where the client is; through a listener it is sent as X-Forwarded-For, so the peer is then trusted. */
  readonly clientAddress: string;
  /** Is the peer a trusted proxy? */
  readonly trusted: boolean;
}

export interface Expected {
  readonly route: string | null;
  readonly rule: string | null;
  /** null: no route, or any version (a draw that a listener cannot be told). */
  readonly version: string | null;
  readonly reason: string;
  /** Of the response, where every endpoint answers 200. */
  readonly status: number;
  /** Who gets a copy. */
  readonly mirrors: readonly string[];
}

/** Listeners that the configuration of a case gets: one that trusts this machine as a proxy, and one that trusts nobody. */
export const TRUSTING_LISTENER = 'trusting';
export const PLAIN_LISTENER = 'plain';

/** The client of a request that says nothing else: what a listener on loopback sees. */
const LOOPBACK = '127.0.0.1';

const requestShape = z.strictObject({
  method: z.string().default('GET'),
  url: z.string().default('http://shop.example/'),
  headers: z.record(z.string(), z.union([z.string(), z.array(z.string())])).default({}),
  /** Sent as UTF-8. */
  body: z.string().optional(),
  bodyHex: z.string().optional(),
  /** ISO 8601. */
  time: z.string().optional(),
  clientAddress: z.string().optional(),
  trusted: z.stringbool().optional(),
});

const caseShape = z.strictObject({
  name: z.string(),
  request: requestShape.prefault({}),
  draw: z.coerce.number().default(0.5),
  expect: z.strictObject({
    route: z.string().optional(),
    rule: z.string().optional(),
    version: z.string().optional(),
    reason: z.string(),
    status: z.coerce.number().optional(),
    mirrors: z.array(z.string()).default([]),
  }),
});

const fileShape = z.strictObject({
  services: z.record(z.string(), z.array(z.string())),
  config: z.string(),
  lists: z.record(z.string(), z.string()).default({}),
  cases: z.array(caseShape).min(1),
});

/** Every case file, by name. Throws on one that is malformed. */
export function loadCaseFiles(): CaseFile[] {
  const directory = new URL('./cases/', import.meta.url);
  const names = readdirSync(directory).filter((name) => name.endsWith('.yaml'));
  return names.sort().map((name) => loadCaseFile(name, readFileSync(new URL(name, directory), 'utf8')));
}

function loadCaseFile(name: string, text: string): CaseFile {
  // Everything is text here too: versions are called 1.10, headers are 007.
  const file = fileShape.parse(parse(text, { schema: 'failsafe' }));
  return { ...file, name: name.replace(/\.yaml$/, ''), cases: file.cases.map(toCase) };
}

function toCase({ name, request, draw, expect }: z.output<typeof caseShape>): ConformanceCase {
  const { route = null, rule = null, version = null, reason, status, mirrors } = expect;
  return {
    name,
    request: toRequest(request),
    draw,
    expect: { route, rule, version, reason, status: status ?? (route === null ? 404 : 200), mirrors },
  };
}

function toRequest(given: z.output<typeof requestShape>): CaseRequest {
  const { method, url, headers, clientAddress, trusted, time } = given;
  const match = /^http:\/\/([^/?]*)([^?]*)\??(.*)$/s.exec(url);
  if (match === null) throw new Error(`not a URL: ${url}`);
  const [, host = '', path = '', query = ''] = match;
  return {
    method,
    host,
    path,
    query,
    headers: Object.entries(headers).flatMap(([name, value]) => [value].flat().map((line) => [name, line] as const)),
    body: bodyOf(given),
    timeMs: time === undefined ? null : timeOf(time),
    clientAddress: clientAddress ?? LOOPBACK,
    trusted: trusted ?? clientAddress !== undefined,
  };
}

function bodyOf({ body, bodyHex }: z.output<typeof requestShape>): Uint8Array | null {
  if (body !== undefined) return Buffer.from(body);
  return bodyHex === undefined ? null : Buffer.from(bodyHex, 'hex');
}

function timeOf(time: string): number {
  const timeMs = Date.parse(time);
  if (Number.isNaN(timeMs)) throw new Error(`not a time: ${time}`);
  return timeMs;
}

/** The whole text of a case file's configuration, with the endpoints that `endpointOf` gives. */
export function configurationText(file: CaseFile, endpointOf: (service: string, version: string) => string): string {
  const services = Object.entries(file.services).map(([service, versions]) => {
    const lines = versions.map((version) => `      "${version}": { endpoints: ["${endpointOf(service, version)}"] }\n`);
    return `  ${service}:\n    versions:\n${lines.join('')}`;
  });
  return `version: 1
listeners:
  - { name: ${TRUSTING_LISTENER}, address: "127.0.0.1:0", trustedProxies: [127.0.0.0/8] }
  - { name: ${PLAIN_LISTENER}, address: "127.0.0.1:0" }
services:
${services.join('')}
${file.config}`;
}
