import { connect } from 'node:net';
import { describe, expect, it } from 'vitest';
import { CommandError } from '../../src/control/command-error.ts';
import type { DecisionRecord } from '../../src/telemetry/decision-ring.ts';
import { AdminFixture } from '../support/admin-fixture.ts';

describe('health', () => {
  it('is ok while the process lives, ready only when the gateway is', async () => {
    let isReady = true;
    await using admin = await AdminFixture.start({ isReady: () => isReady });
    expect((await admin.call({ path: '/healthz' })).status).toBe(200);
    expect((await admin.call({ path: '/readyz' })).status).toBe(200);
    isReady = false;
    expect((await admin.call({ path: '/healthz' })).status).toBe(200);
    const answer = await admin.call({ path: '/readyz' });
    expect(answer.status).toBe(503);
    expect(answer.json.error?.code).toBe('not-ready');
  });

  it('needs no token', async () => {
    await using admin = await AdminFixture.start({ tokens: { viewer: 'v', operator: 'o' } });
    expect((await admin.call({ path: '/healthz' })).status).toBe(200);
    expect((await admin.call({ path: '/readyz' })).status).toBe(200);
  });
});

describe('the api', () => {
  it('answers status, mirrors and traffic as JSON that is not kept', async () => {
    await using admin = await AdminFixture.start();
    const status = await admin.call({ path: '/api/status' });
    expect(status.status).toBe(200);
    expect(status.json).toMatchObject({ generation: 3, config: { file: '/etc/graygate.yaml', error: null } });
    expect(status.headers['cache-control']).toBe('no-store');
    expect((await admin.call({ path: '/api/mirrors' })).json).toEqual({ mirrors: [] });
    expect((await admin.call({ path: '/api/traffic' })).json).toEqual({ traffic: [] });
  });

  it('serves metrics given as a text or as chunks', async () => {
    await using whole = await AdminFixture.start();
    const answer = await whole.call({ path: '/metrics' });
    expect(answer.text).toBe('graygate_config_generation 3\n');
    expect(answer.headers['content-type']).toBe('text/plain; version=0.0.4; charset=utf-8');
    async function* chunks() {
      for (const piece of ['a 1\n', 'b 2\n']) yield piece;
    }
    await using sliced = await AdminFixture.start({ metrics: chunks });
    const inPieces = await sliced.call({ path: '/metrics' });
    expect(inPieces.text).toBe('a 1\nb 2\n');
    expect(inPieces.headers['content-type']).toBe('text/plain; version=0.0.4; charset=utf-8');
  });

  it('keeps a sound request id and replaces any other', async () => {
    await using admin = await AdminFixture.start();
    const kept = await admin.call({ path: '/api/none', headers: { 'x-request-id': 'a-1.b_2' } });
    expect(kept.headers['x-request-id']).toBe('a-1.b_2');
    expect(kept.json.error?.requestId).toBe('a-1.b_2');
    const replaced = await admin.call({ path: '/healthz', headers: { 'x-request-id': 'a b"c' } });
    expect(replaced.headers['x-request-id']).toMatch(/^[0-9a-f-]{36}$/);
  });

  it('says not-found, without the query, for what it does not have', async () => {
    await using admin = await AdminFixture.start();
    const answer = await admin.call({ path: '/api/nothing?token=secret' });
    expect(answer.status).toBe(404);
    expect(answer.json.error).toMatchObject({ code: 'not-found', message: 'there is no GET /api/nothing' });
    expect(answer.text).not.toContain('secret');
  });

  it('tells nothing of a fault of its own, and reports it', async () => {
    const told: unknown[] = [];
    const fault = new Error('at /secret/path');
    const status = () => Promise.reject(fault);
    await using admin = await AdminFixture.start({ status, onInternalError: (error) => told.push(error) });
    const answer = await admin.call({ path: '/api/status' });
    expect(answer.status).toBe(500);
    expect(answer.json.error?.code).toBe('internal');
    expect(answer.text).not.toMatch(/secret|stack|at /);
    expect(told).toEqual([fault]);
  });

  it('answers what is no HTTP in the same shape', async () => {
    await using admin = await AdminFixture.start();
    for (const [bytes, status] of [
      ['nonsense\r\n\r\n', 400],
      [`GET / HTTP/1.1\r\nhost: localhost\r\nx: ${'x'.repeat(20_000)}\r\n\r\n`, 431],
      ['GET /%zz HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n', 400],
    ] as const) {
      const text = await exchange(admin.port, bytes);
      expect(text).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
      expect(JSON.parse(text.slice(text.indexOf('\r\n\r\n'))).error).toMatchObject({
        code: expect.any(String),
        requestId: expect.any(String),
      });
    }
  });

  it('closes at once although connections are kept alive or under way', async () => {
    const { promise: reached, resolve: onReached } = Promise.withResolvers<void>();
    const status = () => {
      onReached();
      return new Promise<never>(() => {});
    };
    const admin = await AdminFixture.start({ status });
    const idle = connect(admin.port, '127.0.0.1').on('error', () => {});
    idle.write('GET /healthz HTTP/1.1\r\nhost: localhost\r\n\r\n');
    await new Promise((resolve) => idle.once('data', resolve));
    const busy = connect(admin.port, '127.0.0.1').on('error', () => {});
    busy.write('GET /api/status HTTP/1.1\r\nhost: localhost\r\n\r\n');
    await reached;
    const closed = Promise.all([idle, busy].map((socket) => new Promise((resolve) => socket.once('close', resolve))));
    await admin.server.close();
    await closed;
  });
});

describe('explain', () => {
  it('hands over the request as it was described', async () => {
    await using admin = await AdminFixture.start();
    const input = {
      method: 'POST',
      url: '/a?b=c',
      headers: { 'X-User': 'u', accept: ['a', 'b'] },
      body: 'ü',
      clientAddress: '10.0.0.1',
      time: '2026-01-01T00:00:00Z',
      listener: 'inner',
      trusted: true,
      draw: 0.25,
      visitorId: 'abc',
    };
    const answer = await admin.post('/api/explain', input);
    expect(answer.status).toBe(200);
    expect(answer.json.sample).toEqual({
      method: 'POST',
      url: '/a?b=c',
      headers: [
        ['X-User', 'u'],
        ['accept', 'a'],
        ['accept', 'b'],
      ],
      body: 'ü',
      clientAddress: '10.0.0.1',
      timeMs: Date.UTC(2026, 0, 1),
      listener: 'inner',
      trusted: true,
      draw: 0.25,
      visitorId: 'abc',
    });
  });

  it('fills in what is left out', async () => {
    await using admin = await AdminFixture.start();
    const { json } = await admin.post('/api/explain', { url: '/', bodyBase64: 'YWI=', headers: [['a', 'b']] });
    expect(json.sample).toEqual({
      method: 'GET',
      url: '/',
      headers: [['a', 'b']],
      body: 'ab',
      clientAddress: '127.0.0.1',
      timeMs: 1_700_000_000_000,
      listener: null,
      trusted: false,
      draw: null,
      visitorId: null,
    });
  });

  it('takes a decision as GET /api/decisions tells it', async () => {
    const decision: DecisionRecord = {
      id: 'r-1',
      time: '2026-01-01T00:00:00.000Z',
      listener: 'edge',
      trusted: false,
      clientAddress: '10.0.0.1',
      method: 'GET',
      host: 'a.example',
      path: '/a',
      query: '',
      url: '/a',
      headers: { host: 'a.example', 'x-user': ['a', 'b'] },
      withheld: ['authorization'],
      draw: null,
      visitorId: null,
      route: 'web',
      rule: null,
      version: 'v1',
      intended: 'v1',
      reason: 'single',
      status: 200,
    };
    await using admin = await AdminFixture.start({ decisions: async () => [decision] });
    const told = JSON.parse((await admin.call({ path: '/api/decisions' })).text);
    expect(told).toEqual({ decisions: [decision] });
    const answer = await admin.post('/api/explain', told.decisions[0]);
    expect([answer.status, answer.json.sample]).toMatchObject([200, { url: '/a', listener: 'edge' }]);
  });

  it('refuses what it does not understand with a sentence', async () => {
    await using admin = await AdminFixture.start();
    const inputs: [unknown, string][] = [
      [[], 'object'],
      [{}, 'url'],
      [{ url: '/', headers: 'a: b' }, 'headers'],
      [{ url: '/', headers: { a: 1 } }, 'a'],
      [{ url: '/', body: { a: 1 } }, 'body'],
      [{ url: '/', body: '', bodyBase64: '' }, 'exclude'],
      [{ url: '/', bodyBase64: '!' }, 'base64'],
      [{ url: '/', time: 'soon' }, 'time'],
      [{ url: '/', trusted: 'yes' }, 'trusted'],
      [{ url: '/', draw: 1 }, 'draw'],
      [{ url: '/', listener: 1 }, 'listener'],
      [{ url: '/', adress: '::1' }, 'adress'],
    ];
    for (const [input, word] of inputs) {
      const answer = await admin.post('/api/explain', input);
      expect(answer.status).toBe(400);
      expect(answer.json.error?.code).toBe('invalid-request');
      expect(answer.json.error?.message).toContain(word);
    }
  });

  it('passes on the sentence of a refusal behind it', async () => {
    const explain = () => Promise.reject(new CommandError('invalid-request', 'a listener refuses the host "a b"'));
    await using admin = await AdminFixture.start({ explain });
    const answer = await admin.post('/api/explain', { url: '/' });
    expect(answer.status).toBe(400);
    expect(answer.json.error?.message).toBe('a listener refuses the host "a b"');
  });
});

/** Sends bytes on a connection of their own; all that comes back until it is closed. */
function exchange(port: number, bytes: string): Promise<string> {
  const { promise, resolve } = Promise.withResolvers<string>();
  let text = '';
  const socket = connect(port, '127.0.0.1');
  socket.setEncoding('utf8').on('data', (piece: string) => {
    text += piece;
  });
  socket.on('error', () => {});
  socket.on('close', () => resolve(text));
  socket.write(bytes);
  return promise;
}
