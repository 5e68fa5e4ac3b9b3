import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { temporaryDirectory } from './temporary-directory.ts';

export interface FileSketch {
  /** URL by version of the service `app`. */
  readonly versions: Readonly<Record<string, string>>;
  readonly split: Readonly<Record<string, number>>;
  /** Further lines of the route, in YAML, indented as under `routes:`. */
  readonly route?: string;
  /** Further lines at the top level. */
  readonly top?: string;
}

/** A configuration with the listener `edge` and the admin port on free ports, and the route `web` for everything. */
export function configurationText({ versions, split, route = '', top = '' }: FileSketch): string {
  const endpoints = Object.entries(versions).map(([name, url]) => `      ${name}: { endpoints: ["${url}"] }\n`);
  const shares = Object.entries(split).map(([name, weight]) => `${name}: ${weight}`);
  return `version: 1
listeners:
  - name: edge
    address: 127.0.0.1:0
admin:
  address: 127.0.0.1:0
services:
  app:
    versions:
${endpoints.join('')}routes:
  - name: web
    service: app
    split: { ${shares.join(', ')} }
${route}${top}`;
}

/** Writes it as graygate.yaml into a directory of the running test's own; returns the path. */
export function writeConfiguration(sketch: FileSketch): string {
  const path = join(temporaryDirectory(), 'graygate.yaml');
  writeFileSync(path, configurationText(sketch));
  return path;
}
