import type { Scenario } from './scenario.ts';

/** The daily bread: a browser-like GET, a header rule, a sticky split by user id, an answer of about 300 bytes. */
export const smallGet: Scenario = {
  name: 'small-get',
  about: 'GET with browser headers, ~300-byte JSON, header rule, sticky 90/10 split by user id, keep-alive',
  path: '/api/orders/42?page=1&size=20',
  headers: {
    'user-agent': 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0',
    accept: 'application/json, text/html;q=0.9',
    'accept-language': 'en-GB,en;q=0.8',
    cookie: 'session=5f0c1e9a7b3d; theme=light',
  },
  userHeader: 'x-user',
  users: Array.from({ length: 200 }, (_, index) => `user-${1000 + index}`),
  rule: { header: 'x-beta', value: '1' },
  ruleEvery: 20,
  canaryPercent: 10,
  connections: 64,
};
