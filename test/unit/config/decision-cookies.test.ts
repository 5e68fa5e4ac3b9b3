import { expect, test } from 'vitest';
import { re2 } from '../../../src/adapters/re2.ts';
import { decisionCookies } from '../../../src/config/decision-cookies.ts';
import { parseConfiguration } from '../../../src/config/parse.ts';

test('every cookie that a condition, a sticky key, an override or a balance looks at, and no other', () => {
  const endpoints = ['http://127.0.0.1:1'];
  const text = JSON.stringify({
    version: 1,
    services: {
      app: { versions: { v1: { endpoints }, v2: { endpoints } }, balance: { hash: { cookie: 'balanced' } } },
    },
    routes: [
      {
        name: 'web',
        match: { path: { prefix: '/' }, cookie: { matched: '1' } },
        service: 'app',
        override: { cookie: 'gray' },
        rules: [
          {
            name: 'deep',
            when: {
              all: [{ any: [{ cookie: { any: '1' } }, { header: { 'x-a': '1' } }] }, { not: { cookie: { not: '1' } } }],
            },
            to: 'v2',
          },
        ],
        split: { v1: 1 },
        sticky: [{ cookie: 'sticky' }, { visitorCookie: 'visitor' }],
      },
    ],
  });
  const context = { files: [{ path: 'graygate.yaml', text }], env: {}, readFile: () => ({ error: 'no such file' }) };
  const { config } = parseConfiguration(context, { regex: re2 });
  expect([...decisionCookies(config!)].sort()).toEqual([
    'any',
    'balanced',
    'gray',
    'matched',
    'not',
    'sticky',
    'visitor',
  ]);
});
