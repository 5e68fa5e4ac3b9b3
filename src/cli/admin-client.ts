import { CommandError, messageOf } from '../control/command-error.ts';
import type { Terminal } from './command.ts';

/** A running gateway's admin port, seen from a command. */
export interface AdminClient {
  get(path: string): Promise<unknown>;
  post(path: string, body: unknown): Promise<unknown>;
  /** `revision`: of the object, as the caller has seen it. */
  put(path: string, body: unknown, revision: number): Promise<unknown>;
}

/** A change waits for workers that are replaced first. */
const TIMEOUT_MS = 20_000;

/** From `--admin` and `--token`, else GRAYGATE_ADMIN and GRAYGATE_TOKEN, else the default address. */
export function adminClientOf(
  flags: { readonly admin?: string | undefined; readonly token?: string | undefined },
  { env }: Terminal,
): AdminClient {
  const base = baseUrlOf(flags.admin ?? env['GRAYGATE_ADMIN'] ?? 'http://127.0.0.1:9900');
  const token = flags.token ?? env['GRAYGATE_TOKEN'];
  const authorization: Record<string, string> =
    token === undefined || token === '' ? {} : { authorization: `Bearer ${token}` };
  const send = (method: string, path: string, body: unknown, further: Record<string, string>) =>
    ask(new URL(path, base), {
      method,
      headers: { ...authorization, 'content-type': 'application/json', 'x-graygate-client': 'cli', ...further },
      body: JSON.stringify(body),
    });
  return {
    get: (path) => ask(new URL(path, base), { headers: authorization }),
    post: (path, body) => send('POST', path, body, {}),
    put: (path, body, revision) => send('PUT', path, body, { 'if-match': `"${revision}"` }),
  };
}

function baseUrlOf(text: string): URL {
  const withScheme = /^https?:\/\//.test(text) ? text : `http://${text}`;
  if (!URL.canParse(withScheme))
    throw new CommandError('usage', `"${text}" is no admin URL (example: http://127.0.0.1:9900)`);
  return new URL(withScheme.endsWith('/') ? withScheme : `${withScheme}/`);
}

interface Question {
  readonly method?: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** By undici's request, because fetch refuses a number of ports that an admin port may well have. */
async function ask(url: URL, { method = 'GET', headers, body }: Question): Promise<unknown> {
  let status: number;
  let text: string;
  // Only here, because loading it would slow the start of every other command.
  const { request } = await import('undici');
  try {
    const signal = AbortSignal.timeout(TIMEOUT_MS);
    const response = await request(url, { method, headers, body: body ?? null, signal });
    status = response.statusCode;
    text = await response.body.text();
  } catch (error) {
    const why = reasonOf(error);
    throw new CommandError(
      'unreachable',
      `no gateway answers at ${url.origin}: ${why} (give its admin port with --admin URL)`,
      { cause: error },
    );
  }
  const answer = jsonOf(text);
  if (status >= 200 && status < 300 && answer !== undefined) return answer;
  throw refusalOf(status, answer, url);
}

function reasonOf(error: unknown): string {
  return (error as NodeJS.ErrnoException).code === 'ECONNREFUSED' ? 'connection refused' : messageOf(error);
}

function refusalOf(status: number, answer: unknown, url: URL): CommandError {
  const message = (answer as { error?: { message?: unknown } } | undefined)?.error?.message;
  if (typeof message !== 'string')
    return new CommandError(
      'unreachable',
      `${url.origin} is no Graygate admin port: it answered ${status} to ${url.pathname}`,
    );
  if (status === 401)
    return new CommandError(
      'unauthorized',
      `the gateway at ${url.origin} wants a token that it knows: give --token or GRAYGATE_TOKEN`,
    );
  return new CommandError(status === 400 ? 'invalid-request' : 'internal', message);
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
