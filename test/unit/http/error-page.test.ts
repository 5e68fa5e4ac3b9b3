import { describe, expect, it } from 'vitest';
import { errorAnswer, prefersText } from '../../../src/http/error-page.ts';
import { reasonPhrase } from '../../../src/http/reason-phrases.ts';

const ANSWER = {
  status: 404,
  code: 'no-route',
  message: 'No route matches.',
  requestId: 'r-1',
  accept: '',
  keepAlive: true,
  head: false,
  date: 'Sun, 06 Nov 1994 08:49:37 GMT',
};

function parts(text: string): { head: string[]; body: string } {
  const end = text.indexOf('\r\n\r\n');
  return { head: text.slice(0, end).split('\r\n'), body: text.slice(end + 4) };
}

describe('an error answer', () => {
  it('is JSON with its exact length', () => {
    const { head, body } = parts(errorAnswer(ANSWER));
    expect(head[0]).toBe('HTTP/1.1 404 Not Found');
    expect(head).toContain(`Content-Length: ${Buffer.byteLength(body)}`);
    expect(head).toContain('Content-Type: application/json');
    expect(head).toContain(`Date: ${ANSWER.date}`);
    expect(JSON.parse(body)).toEqual({ error: { code: 'no-route', message: 'No route matches.', requestId: 'r-1' } });
  });

  it('is text where Accept prefers it, and names the request', () => {
    const { head, body } = parts(errorAnswer({ ...ANSWER, accept: 'text/plain' }));
    expect(head).toContain('Content-Type: text/plain; charset=utf-8');
    expect(body).toBe('404 Not Found: No route matches. (request r-1)\n');
    expect(head).toContain(`Content-Length: ${body.length}`);
  });

  it('stays ASCII, so that characters are bytes', () => {
    const { body } = parts(errorAnswer({ ...ANSWER, message: 'caf\u00e9 \u{1f600}' }));
    expect(body).toMatch(/^[\x20-\x7e\n]*$/);
    expect(JSON.parse(body).error.message).toBe('caf\u00e9 \u{1f600}');
    expect(parts(errorAnswer({ ...ANSWER, message: 'caf\u00e9\r\n', accept: 'text/html' })).body).toBe(
      '404 Not Found: caf??? (request r-1)\n',
    );
  });

  it('has no body for HEAD, the length kept', () => {
    const { head, body } = parts(errorAnswer({ ...ANSWER, head: true }));
    expect(body).toBe('');
    expect(head).toEqual(parts(errorAnswer(ANSWER)).head);
  });

  it('closes when asked to, and carries further lines', () => {
    expect(parts(errorAnswer({ ...ANSWER, keepAlive: false, lines: 'Retry-After: 1\r\n' })).head.slice(-2)).toEqual([
      'Retry-After: 1',
      'Connection: close',
    ]);
    expect(errorAnswer(ANSWER)).not.toContain('Connection');
  });
});

describe('Accept', () => {
  it.each([
    ['', false],
    ['*/*', false],
    ['application/json', false],
    ['text/plain', true],
    ['text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8', true],
    ['text/*', true],
    ['text/plain, application/json', false],
    ['text/plain;q=0.5, application/json;q=0.4', true],
    ['application/json;q=0.4, */*;q=0.5', true],
    ['text/plain;q=0', false],
    ['nonsense', false],
    ['text/plain;q=x', false],
    ['TEXT/PLAIN', true],

    ['text/plain, */*', false],
  ])('%j prefers text: %s', (accept, expected) => {
    expect(prefersText(accept)).toBe(expected);
  });

  it('longer than anybody sends is not read', () => {
    expect(prefersText('text/plain,'.repeat(500))).toBe(false);
  });
});

it('reason phrases never hold anything but visible text', () => {
  for (let status = 0; status < 1100; status++) expect(reasonPhrase(status)).toMatch(/^[\x20-\x7e]*$/);
  expect([200, 404, 599, 42].map(reasonPhrase)).toEqual(['OK', 'Not Found', '', '']);
});
