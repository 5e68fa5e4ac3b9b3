import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { compile } from '../../../src/config/compile.ts';
import { formatIssue } from '../../../src/config/issue.ts';
import { configJsonSchema, renderJsonSchema } from '../../../src/config/json-schema.ts';
import { parseConfiguration } from '../../../src/config/parse.ts';
import { conditionPorts } from '../../support/condition-ports.ts';

const directory = new URL('../../../config/', import.meta.url);
const examples = readdirSync(directory).filter((name) => name.endsWith('.yaml'));

/** What the examples take from the environment beside tokens: keys of 16 bytes. */
const SECRETS = {
  PARTNER_ONE_KEY: '0123456789abcdef',
  PARTNER_ONE_IV: 'fedcba9876543210',
  PARTNER_THREE_KEY: '0123456789abcdef',
  PARTNER_THREE_IV: 'fedcba9876543210',
};

function load(name: string) {
  const text = readFileSync(new URL(name, directory), 'utf8');
  const env = { GRAYGATE_VIEWER: 'a-viewer', GRAYGATE_OPERATOR: 'an-operator', ...SECRETS };
  const readFile = (path: string) => readFileSync(new URL(path, directory), 'utf8');
  return { text, ...parseConfiguration({ files: [{ path: name, text }], env, readFile }, conditionPorts) };
}

describe('the example configurations', () => {
  test.each(examples)('%s has no errors and compiles', (name) => {
    const { config, issues, lists } = load(name);
    expect(issues.filter(({ severity }) => severity === 'error').map(formatIssue)).toEqual([]);
    const live = { weights: {}, switches: {} };
    const snapshot = compile({ generation: 1, config: config!, live, lists }, conditionPorts);
    expect(snapshot.routes.length).toBeGreaterThan(0);
  });

  test('minimal.yaml has not even a warning', () => {
    expect(load('minimal.yaml').issues).toEqual([]);
  });

  test('reference.yaml has every key of the language', () => {
    const { text } = load('reference.yaml');
    const missing = [...keysOf(configJsonSchema())].filter((key) => !new RegExp(`\\b${key}:`).test(text));
    // `respond` of a share is there to be refused.
    expect(missing.filter((key) => key !== 'respond')).toEqual([]);
  });
});

test('config/graygate.schema.json is what the schema says now (npm run schema)', () => {
  expect(readFileSync(new URL('graygate.schema.json', directory), 'utf8')).toBe(renderJsonSchema());
});

test('the schema for editors describes every key, and knows numbers and flags as such', () => {
  const undescribed: string[] = [];
  walk(configJsonSchema(), (schema) => {
    for (const [key, property] of Object.entries(schema.properties ?? {})) {
      if (property.description === undefined && property.$ref === undefined) undescribed.push(key);
    }
  });
  expect(undescribed.filter((key) => key !== 'respond' && key !== 'weight')).toEqual([]);
  expect(configJsonSchema()).toMatchObject({
    properties: {
      grace: { type: 'string', default: '30s' },
      listeners: {
        items: { properties: { limits: { properties: { headerCount: { type: 'integer', default: 100 } } } } },
      },
      routes: { items: { properties: { lane: { type: 'boolean', default: false } } } },
    },
  });
});

interface Schema {
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly description?: string;
  readonly $ref?: string;
}

function walk(value: unknown, visit: (schema: Schema) => void): void {
  if (typeof value !== 'object' || value === null) return;
  visit(value);
  for (const part of Object.values(value)) walk(part, visit);
}

/** The names of all keys that a configuration may have. */
function keysOf(schema: object): Set<string> {
  const keys = new Set<string>();
  walk(schema, ({ properties = {} }) => {
    for (const key of Object.keys(properties)) keys.add(key);
  });
  return keys;
}
