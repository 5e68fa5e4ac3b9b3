import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { type DemoOptions, type RunningDemo, runDemo } from '../../../src/demo/run-demo.ts';

/** Stands where the gateway stands: the page's calls to reviews go straight to the version that the copy of the file names. */
async function straightTo(version: string, configFile: string) {
  const text = await readFile(configFile, 'utf8');
  const reviews = text.slice(text.indexOf('  reviews:'));
  const url = new RegExp(`${version}: \\{ endpoints: \\["([^"]+)"`).exec(reviews)?.[1];
  return { gatewayUrl: url ?? '', adminUrl: 'http://127.0.0.1:1', stop: async () => {} };
}

let demo: RunningDemo | null = null;
let printed = '';

async function start(options: Partial<DemoOptions> = {}): Promise<RunningDemo> {
  printed = '';
  demo = await runDemo({
    port: 0,
    adminPort: 0,
    startGateway: (file) => straightTo('v2', file),
    print: (text) => {
      printed += text;
    },
    ...options,
  });
  return demo;
}

afterEach(async () => {
  await demo?.close();
  demo = null;
});

function serviceUrl(name: string): string {
  const url = new RegExp(`^ +${name} +(http://\\S+)`, 'm').exec(printed)?.[1];
  if (url === undefined) throw new Error(`${name} is not in the announcement`);
  return url;
}

test('the announcement names every service, three requests to try, the file to edit and how to stop', async () => {
  const { file } = await start();
  for (const name of ['gateway', 'status page', 'productpage v1', 'reviews v1', 'reviews v2', 'reviews v3'])
    expect(serviceUrl(name)).toMatch(/^http:/);
  expect(printed.match(/^ {2}curl /gm)).toHaveLength(3);
  expect(printed).toContain(`Edit ${file}`);
  expect(printed).toContain('Ctrl-C');
});

test('the page shows which version of reviews answered, and its stars', async () => {
  await start();
  const page = await fetch(`${serviceUrl('productpage v1')}/`);
  expect(page.headers.get('content-type')).toContain('text/html');
  const html = await page.text();
  expect(html).toContain('class="badge v2"');
  expect(html).toContain('★★★★★');
});

test('the page says so when reviews cannot be had', async () => {
  await start({
    startGateway: async () => ({ gatewayUrl: 'http://127.0.0.1:1', adminUrl: '', stop: async () => {} }),
  });
  const page = await fetch(`${serviceUrl('productpage v1')}/`);
  expect(page.status).toBe(200);
  expect(await page.text()).toContain('Reviews cannot be shown now');
});

test('a user name is shown as text, never as markup', async () => {
  await start();
  const page = await fetch(`${serviceUrl('productpage v1')}/`, { headers: { 'x-user': '<script>1</script>' } });
  expect(await page.text()).not.toContain('<script>1');
});

test('v3 of reviews differs from v2 in the colour of the stars; the time is noise', async () => {
  await start();
  const [v2, v3] = await Promise.all(
    ['v2', 'v3'].map(async (version) => {
      const answer = await fetch(`${serviceUrl(`reviews ${version}`)}/reviews/1`);
      return (await answer.json()) as { version: string; generatedAt: string };
    }),
  );
  const withoutNoise = (answer: object, color: string) =>
    JSON.stringify({ ...answer, version: '', generatedAt: '' }).replaceAll(`"${color}"`, '"*"');
  expect(withoutNoise(v3 ?? {}, 'red')).toBe(withoutNoise(v2 ?? {}, 'black'));
});

test('callback takes JSON and forms and refuses the rest', async () => {
  await start();
  const url = `${serviceUrl('callback v2')}/callback?pile=P-1001`;
  const json = await fetch(url, { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{"a":1}' });
  expect(await json.json()).toEqual({ version: 'v2', accepted: true, pile: 'P-1001', received: { a: 1 } });
  const form = await fetch(url, { method: 'POST', body: new URLSearchParams({ a: '1' }) });
  expect(await form.json()).toMatchObject({ received: { a: '1' } });
  expect((await fetch(url)).status).toBe(405);
  expect((await fetch(url, { method: 'POST', body: 'neither' })).status).toBe(400);
  expect((await fetch(url, { method: 'POST', body: 'x'.repeat(100_000) })).status).toBe(413);
});

test('closing leaves no file and no socket', async () => {
  const running = await start();
  const url = serviceUrl('reviews v1');
  await running.close();
  expect(existsSync(running.file)).toBe(false);
  await expect(fetch(url)).rejects.toThrow();
});

test('a taken port is refused with a sentence that names it and the flag', async () => {
  const taken = createServer();
  const port = await new Promise<number>((resolve) => {
    taken.listen(0, '127.0.0.1', () => resolve((taken.address() as { port: number }).port));
  });
  try {
    await expect(start({ port })).rejects.toThrow(`port ${port} on 127.0.0.1 is already in use`);
    await expect(start({ adminPort: port })).rejects.toThrow('--admin-port');
  } finally {
    await new Promise((resolve) => taken.close(resolve));
  }
});

test('when the gateway cannot start, nothing of the demo stays', async () => {
  let file = '';
  const startGateway = async (configFile: string) => {
    file = configFile;
    throw new Error('refused');
  };
  await expect(start({ startGateway })).rejects.toThrow('refused');
  expect(existsSync(file)).toBe(false);
});
