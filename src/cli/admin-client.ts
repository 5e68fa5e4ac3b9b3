import { CommandError, messageOf } from '../control/command-error.ts';
import type { Terminal } from './command.ts';

/** A running gateway's admin port, seen from a command. */
export interface AdminClient {
  get(path: string): Promise<unknown>;
  post(path: string, body: unknown): Promise<unknown>;
}

const TIMEOUT_MS = 10_000;

/** From `--admin` and `--token`, else GRAYGATE_ADMIN and GRAYGATE_TOKEN, else the default address. */
export function adminClientOf(
  flags: { readonly admin?: string | undefined; readonly token?: string | undefined },
  { env }: Terminal,
): AdminClient {
  const base = baseUrlOf(flags.admin ?? env['GRAYGATE_ADMIN'] ?? 'http://127.0.0.1:9900');
  const token = flags.token ?? env['GRAYGATE_TOKEN'];
  const authorization: Record<string, string> =
    token === undefined || token === '' ? {} : { authorization: `Bearer ${token}` };
  return {
    get: (path) => ask(new URL(path, base), { headers: authorization }),
    post: (path, body) =>
      ask(new URL(path, base), {
        method: 'POST',
        headers: { ...authorization, 'content-type': 'application/json' },
        body: JSON.stringify(body),
      }),
  };
}

function baseUrlOf(text: string): URL {
  const withScheme = /^https?:\/\//.test(text) ? text : `http://${text}`;
  if (!URL.canParse(withScheme))
    throw new CommandError('usage', `"${text}" is no admin URL (example: http://127.0.0.1:9900)`);
  return new URL(withScheme.endsWith('/') ? withScheme : `${withScheme}/`);
}

async function ask(url: URL, init: RequestInit): Promise<unknown> {
  let response: Response;
  let text: string;
  try {
    response = await fetch(url, { ...init, redirect: 'error', signal: AbortSignal.timeout(TIMEOUT_MS) });
    text = await response.text();
  } catch (error) {
    const why = reasonOf(error);
    throw new CommandError(
      'unreachable',
      `no gateway answers at ${url.origin}: ${why} (give its admin port with --admin URL)`,
      { cause: error },
    );
  }
  const answer = jsonOf(text);
  if (response.ok && answer !== undefined) return answer;
  throw refusalOf(response.status, answer, url);
}

/** fetch says only "fetch failed" and keeps the reason in the cause. */
function reasonOf(error: unknown): string {
  const cause = (error as Error).cause as NodeJS.ErrnoException | undefined;
  if (cause?.code === 'ECONNREFUSED') return 'connection refused';
  return cause === undefined ? messageOf(error) : (cause.code ?? messageOf(cause));
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
      `the gateway at ${url.origin} asks for a token: give --token or GRAYGATE_TOKEN`,
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
