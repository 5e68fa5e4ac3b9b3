import { type ChildProcess, type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { dirname } from 'node:path';
import type { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { eventually } from '../support/eventually.ts';

const MAIN = fileURLToPath(new URL('../../src/main.ts', import.meta.url));

interface Demo {
  readonly process: ChildProcess;
  stdout: string;
  stderr: string;
}

function startDemo(...args: readonly string[]): Demo {
  return collect(spawn(process.execPath, [MAIN, 'demo', ...args], { stdio: ['ignore', 'pipe', 'pipe'] }));
}

function collect(child: ChildProcessByStdio<null, Readable, Readable>): Demo {
  const demo: Demo = { process: child, stdout: '', stderr: '' };
  child.stdout.on('data', (chunk: Buffer) => {
    demo.stdout += chunk.toString();
  });
  child.stderr.on('data', (chunk: Buffer) => {
    demo.stderr += chunk.toString();
  });
  return demo;
}

async function exitCodeOf({ process: child }: Demo): Promise<number | null> {
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
  return child.exitCode;
}

/** What stands behind a word at the beginning of a printed line. */
function printed(demo: Demo, pattern: RegExp): string {
  const found = pattern.exec(demo.stdout)?.[1];
  if (found === undefined) throw new Error(`${pattern} is not in:\n${demo.stdout}\n${demo.stderr}`);
  return found;
}

describe('a running demo', () => {
  let demo: Demo;
  let gateway = '';
  let admin = '';
  let file = '';

  beforeAll(async () => {
    demo = startDemo('--port', '0', '--admin-port', '0');
    await eventually(() => expect(demo.stdout).toContain('Ctrl-C'));
    gateway = printed(demo, /^ *gateway +(http:\S+)$/m);
    admin = printed(demo, /^ *status page +(http:\S+)$/m);
    file = printed(demo, /^Edit (\S+)$/m);
  });

  afterAll(async () => {
    demo.process.kill('SIGKILL');
    await exitCodeOf(demo);
  });

  test('prints three requests to try, each against its own gateway', () => {
    const lines = demo.stdout.match(/^ {2}curl .*$/gm) ?? [];
    expect(lines).toHaveLength(3);
    for (const line of lines) expect(line).toContain(gateway);
  });

  test('the page is answered through the gateway, with the reviews that it asked for through the gateway', async () => {
    const page = await fetch(`${gateway}/`);
    expect(page.status).toBe(200);
    expect(page.headers.get('content-type')).toContain('text/html');
    expect(await page.text()).toMatch(/class="badge v[12]"/);
    const jason = await fetch(`${gateway}/`, { headers: { cookie: 'user=jason' } });
    expect(await jason.text()).toContain('class="badge v2">v2, by the rule jason');
  });

  test('a new visitor gets a version and keeps it', async () => {
    const first = await fetch(`${gateway}/reviews/1`);
    expect(first.status).toBe(200);
    const version = first.headers.get('x-gray-version');
    expect(await first.json()).toMatchObject({ version });
    const cookie = /gray_vid=[^;]+/.exec(first.headers.getSetCookie().join())?.[0] ?? '';
    expect(cookie).not.toBe('');
    for (let again = 0; again < 20; again++) {
      const answer = await fetch(`${gateway}/reviews/1`, { headers: { cookie } });
      expect(answer.headers.get('x-gray-version')).toBe(version);
    }
  });

  test('jason always gets v2 with black stars', async () => {
    const answer = await fetch(`${gateway}/reviews/1`, { headers: { 'x-user': 'jason' } });
    expect(answer.headers.get('x-gray-version')).toBe('v2');
    expect(answer.headers.get('x-gray-rule')).toBe('jason');
    expect(JSON.stringify(await answer.json())).toContain('"color":"black"');
  });

  test.each([
    ['P-1001', 'v2'],
    ['P-9', 'v1'],
  ])('a callback of pile %s is taken by %s', async (pile, version) => {
    const answer = await fetch(`${gateway}/callback?pile=${pile}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{"status":"charging"}',
    });
    expect(answer.status).toBe(200);
    expect(await answer.json()).toEqual({ version, accepted: true, pile, received: { status: 'charging' } });
  });

  test('the status page answers', async () => {
    const page = await fetch(`${admin}/`);
    expect(page.status).toBe(200);
    expect(page.headers.get('content-type')).toContain('text/html');
    expect((await fetch(`${admin}/readyz`)).status).toBe(200);
  });

  test('an edit of the printed file moves requests', async () => {
    const text = await readFile(file, 'utf8');
    await writeFile(file, text.replace('split: { v1: 90, v2: 10 }', 'split: { v1: 0, v2: 100 }'));
    await eventually(async () => {
      const visitors = await Promise.all(Array.from({ length: 20 }, () => fetch(`${gateway}/reviews/1`)));
      const versions = visitors.map((answer) => answer.headers.get('x-gray-version'));
      expect(new Set(versions)).toEqual(new Set(['v2']));
    });
  });

  test('Ctrl-C ends it with 0 and leaves neither a socket nor a file', async () => {
    demo.process.kill('SIGINT');
    expect(await exitCodeOf(demo)).toBe(0);
    expect(demo.stderr).toBe('');
    expect(existsSync(dirname(file))).toBe(false);
    const urls = [...demo.stdout.matchAll(/http:\/\/127\.0\.0\.1:\d+/g)].map(([url]) => url);
    expect(new Set(urls).size).toBe(8);
    for (const url of new Set(urls)) await expect(fetch(url)).rejects.toThrow();
  });
});

test.each(['SIGINT', 'SIGTERM'] as const)('%s to npm start reaches the demo and ends all of it', async (signal) => {
  const child = spawn('npm', ['start', '--', '--port', '0', '--admin-port', '0'], {
    cwd: dirname(dirname(MAIN)),
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const demo = collect(child);
  await eventually(() => expect(demo.stdout).toContain('Ctrl-C'));
  const file = printed(demo, /^Edit (\S+)$/m);
  const gateway = printed(demo, /^ *gateway +(http:\S+)$/m);
  child.kill(signal);
  await exitCodeOf(demo);
  await eventually(() => expect(existsSync(dirname(file))).toBe(false));
  await expect(fetch(gateway)).rejects.toThrow();
});

test.each(['--port', '--admin-port'])(
  'a taken port is one sentence that names it and %s, and exit code 1',
  async (flag) => {
    const taken = createServer().listen(0, '127.0.0.1');
    await once(taken, 'listening');
    try {
      const port = String((taken.address() as AddressInfo).port);
      const other = flag === '--port' ? '--admin-port' : '--port';
      const demo = startDemo(flag, port, other, '0');
      expect(await exitCodeOf(demo)).toBe(1);
      expect(demo.stderr.trim().split('\n')).toHaveLength(1);
      expect(demo.stderr).toContain(`port ${port} on 127.0.0.1 is already in use`);
      expect(demo.stderr).toContain(flag);
      expect(demo.stdout).toBe('');
    } finally {
      taken.close();
    }
  },
);
