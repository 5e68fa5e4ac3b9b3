import { describe, expect, it } from 'vitest';
import { createAdminServer } from '../../src/admin/admin-server.ts';
import { AdminFixture, adminOptions } from '../support/admin-fixture.ts';

const TOKENS = { viewer: 'view-töken', operator: 'operate' };

/** As a client sends it: UTF-8 bytes, which Node's client takes as latin1 text. */
const bearer = (token: string) => ({ authorization: `Bearer ${Buffer.from(token).toString('latin1')}` });

describe('an address that others can reach', () => {
  it('is refused without a token', () => {
    for (const address of ['0.0.0.0:0', '[::]:0', '10.0.0.1:9900', 'gateway.internal:9900', '[::ffff:10.0.0.1]:0']) {
      expect(() => createAdminServer(adminOptions({ address }))).toThrow(/admin\.tokens/);
      const tokens = { viewer: null, operator: null };
      expect(() => createAdminServer(adminOptions({ address, tokens }))).toThrow(/admin\.tokens/);
    }
  });

  it('is accepted with one, and loopback without', async () => {
    for (const address of ['127.0.0.1:0', '127.8.9.1:0', '[::1]:0', 'localhost:0']) {
      await createAdminServer(adminOptions({ address })).close();
    }
    await createAdminServer(adminOptions({ address: '0.0.0.0:0', tokens: TOKENS })).close();
  });

  it('is refused with an empty token, or when it is no address', () => {
    expect(() => createAdminServer(adminOptions({ tokens: { viewer: '', operator: 'o' } }))).toThrow(/empty/);
    for (const address of ['9900', '127.0.0.1', '127.0.0.1:99999', '::1:9900']) {
      expect(() => createAdminServer(adminOptions({ address }))).toThrow(/HOST:PORT/);
    }
  });

  it('says so when somebody else has the port', async () => {
    await using admin = await AdminFixture.start();
    const second = createAdminServer(adminOptions({ address: `127.0.0.1:${admin.port}` }));
    await expect(second.listen()).rejects.toMatchObject({ code: 'address-in-use' });
    await second.close();
  });
});

describe('tokens', () => {
  it('let nobody in without one, and both roles with theirs', async () => {
    await using admin = await AdminFixture.start({ tokens: TOKENS });
    for (const path of ['/api/status', '/api/mirrors', '/api/traffic', '/metrics', '/page/overview']) {
      for (const headers of [{}, bearer('wrong'), bearer(''), { authorization: 'Basic dmlldzp2aWV3' }]) {
        const answer = await admin.call({ path, headers });
        expect(answer.status).toBe(401);
        expect(answer.headers['www-authenticate']).toMatch(/^Bearer/);
        expect(answer.json.error?.code).toBe('unauthorized');
      }
      for (const token of Object.values(TOKENS))
        expect((await admin.call({ path, headers: bearer(token) })).status).toBe(200);
    }
    expect((await admin.post('/api/explain', { url: '/' })).status).toBe(401);
    expect((await admin.post('/api/explain', { url: '/' }, bearer(TOKENS.viewer))).status).toBe(200);
  });

  it('are not read from a URL', async () => {
    await using admin = await AdminFixture.start({ tokens: TOKENS });
    expect((await admin.call({ path: '/api/status?token=operate&access_token=operate' })).status).toBe(401);
  });

  it('leave metrics open when the configuration says so', async () => {
    await using admin = await AdminFixture.start({ tokens: TOKENS, metricsMode: 'open' });
    expect((await admin.call({ path: '/metrics' })).status).toBe(200);
    expect((await admin.call({ path: '/api/status' })).status).toBe(401);
  });
});

describe('a browser led here by another site', () => {
  it('is refused under a name that is not ours (DNS rebinding)', async () => {
    await using admin = await AdminFixture.start();
    for (const host of ['evil.example', 'evil.example:9900', 'localhost.evil.example', '127.0.0.1.evil.example']) {
      const answer = await admin.call({ path: '/api/status', headers: { host } });
      expect(answer.status).toBe(403);
      expect(answer.json.error?.code).toBe('forbidden');
    }
    for (const host of ['localhost', 'LOCALHOST:9900', '127.0.0.1:1', '[::1]:9900', '10.1.2.3']) {
      expect((await admin.call({ path: '/api/status', headers: { host } })).status).toBe(200);
    }
  });

  it('is served under any name once a token guards the data', async () => {
    await using admin = await AdminFixture.start({ tokens: TOKENS });
    const host = 'graygate.internal:9900';
    expect((await admin.call({ path: '/healthz', headers: { host } })).status).toBe(200);
    expect((await admin.call({ path: '/api/status', headers: { host } })).status).toBe(401);
    expect((await admin.call({ path: '/api/status', headers: { host, ...bearer('operate') } })).status).toBe(200);
  });

  it('cannot post for another origin', async () => {
    await using admin = await AdminFixture.start();
    const own = `127.0.0.1:${admin.port}`;
    for (const headers of [
      { origin: 'http://evil.example' },
      { origin: 'null' },
      { origin: `http://127.0.0.1:${admin.port + 1}` },
      { origin: `http://${own}`, 'sec-fetch-site': 'same-site' },
      { 'sec-fetch-site': 'cross-site' },
    ]) {
      expect((await admin.post('/api/explain', { url: '/' }, headers)).status).toBe(403);
    }
    for (const headers of [
      { origin: `http://${own}`, 'sec-fetch-site': 'same-origin' },
      { 'sec-fetch-site': 'none' },
    ]) {
      expect((await admin.post('/api/explain', { url: '/' }, headers)).status).toBe(200);
    }
  });

  it('is given headers that keep it in bounds, on every answer', async () => {
    await using admin = await AdminFixture.start();
    for (const path of ['/', '/healthz', '/api/status', '/metrics', '/nothing']) {
      const { headers } = await admin.call({ path });
      expect(headers).toMatchObject({
        'x-frame-options': 'DENY',
        'x-content-type-options': 'nosniff',
        'referrer-policy': 'no-referrer',
        'cache-control': 'no-store',
      });
      expect(headers['content-security-policy']).toMatch(/^default-src 'none'.*frame-ancestors 'none'/);
      expect(headers['access-control-allow-origin']).toBeUndefined();
    }
  });
});

describe('a body', () => {
  it('must be JSON, and say so', async () => {
    await using admin = await AdminFixture.start();
    const types: Record<string, string>[] = [
      {},
      { 'content-type': 'text/plain' },
      { 'content-type': 'application/x-www-form-urlencoded' },
      { 'content-type': 'application/jsonx' },
    ];
    for (const headers of types) {
      const answer = await admin.call({ method: 'POST', path: '/api/explain', headers, body: '{"url":"/"}' });
      expect(answer.status).toBe(415);
      expect(answer.json.error?.code).toBe('not-json');
    }
    for (const body of ['', '{', '{"__proto__":{}}', '"/"', 'null']) {
      const headers = { 'content-type': 'application/json' };
      const answer = await admin.call({ method: 'POST', path: '/api/explain', headers, body });
      expect(answer.status).toBe(400);
      expect(answer.json.error?.code).toBe('invalid-request');
    }
  });

  it('over 1 MiB is answered 413 while the client still sends', async () => {
    await using admin = await AdminFixture.start();
    const headers = { 'content-type': 'application/json; charset=utf-8' };
    for (const size of [1024 * 1024 + 1, 8 * 1024 * 1024]) {
      const body = Buffer.alloc(size, 'x');
      const answer = await admin.call({ method: 'POST', path: '/api/explain', headers, body });
      expect(answer.status).toBe(413);
      expect(answer.json.error?.code).toBe('body-too-large');
    }
  });
});
