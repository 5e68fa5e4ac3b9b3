import { createHash } from 'node:crypto';
import { Agent, request } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import type { Origin } from '../origin/origin.ts';
import type { Peer } from '../peers/peer.ts';
import type { Traffic, WireRequest } from '../scenarios/traffic.ts';

const CONNECTIONS = 16;
/** What all answers of one pass may carry together, requests included: large ones are asked for less often. */
const BYTES_OF_A_PASS = 32 * 2 ** 20;
const MOST_USERS = 2_000;
const FIRST_ANSWER_MS = 20_000;

interface Answer {
  readonly status: number;
  readonly version: string;
  readonly hash: string;
  readonly bytes: number;
  readonly text: string;
  readonly reused: boolean;
}

/** Asks one port one question on kept-alive connections. */
type Ask = (request: WireRequest) => Promise<Answer>;

/**
 * Checks, before anything is measured, that a peer does the work it is compared for: the origin's answers byte by byte, the
 * share within four standard deviations, one user one version, the rule, connections kept on both sides. Returns what is
 * wrong, empty when nothing is.
 */
export async function verify(peer: Peer, port: number, traffic: Traffic, origin: Origin): Promise<readonly string[]> {
  const agent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS });
  const askAt =
    (at: number): Ask =>
    (one) =>
      askOnce(agent, at, one);
  const ask = askAt(port);
  try {
    const probe = traffic.requestOf('verify-0', 0, false);
    const genuine = await askGenuine(askAt, probe, origin);
    const users = Math.min(MOST_USERS, Math.ceil(BYTES_OF_A_PASS / genuine.bytes));
    return [
      ...(await checkShareAndConnections(peer, ask, traffic, origin, users, genuine.hashes)),
      ...(peer.routes.rule ? await checkRule(ask, traffic, Math.min(users, 200)) : []),
      ...(peer.routes.stamps ? await checkStamps(ask, { ...probe, path: traffic.seenPath }) : []),
    ];
  } finally {
    agent.destroy();
  }
}

/** Waits, but not for ever, until a proxy that already takes connections also answers: some need a moment more. */
export async function untilAnswered(port: number, traffic: Traffic): Promise<void> {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const until = performance.now() + FIRST_ANSWER_MS;
  try {
    for (;;) {
      const { status } = await askOnce(agent, port, traffic.requestOf('verify-0', 0, false));
      if (status === 200 || performance.now() > until) return;
      await delay(50);
    }
  } finally {
    agent.destroy();
  }
}

/** What each version answers when nobody stands before it, and the size of a question and its answer. */
async function askGenuine(askAt: (port: number) => Ask, probe: WireRequest, origin: Origin) {
  const stable = await askAt(origin.stablePort)(probe);
  const canary = await askAt(origin.canaryPort)(probe);
  const hashes = new Map([stable, canary].map(({ version, hash }) => [version, hash]));
  return { hashes, bytes: stable.bytes + (probe.body?.length ?? 0) + 200 };
}

async function checkShareAndConnections(
  peer: Peer,
  ask: Ask,
  traffic: Traffic,
  origin: Origin,
  count: number,
  genuine: ReadonlyMap<string, string>,
): Promise<readonly string[]> {
  const users = Array.from({ length: count }, (_, index) => `verify-${index}`);
  const askAll = () => inParallel(users, (user, index) => ask(traffic.requestOf(user, index, false)));
  const acceptedBefore = await origin.acceptedConnections();
  const first = await askAll();
  const accepted = (await origin.acceptedConnections()) - acceptedBefore;
  const wrong: string[] = [];
  wrong.push(...strangers(first, genuine));
  const fresh = first.filter((answer) => !answer.reused).length;
  if (fresh > CONNECTIONS * 2) wrong.push(`client connections are not kept: ${fresh} for ${count} requests`);
  if (accepted > CONNECTIONS * 4 + count / 20)
    wrong.push(`origin connections are not kept: ${accepted} for ${count} requests`);
  if (!peer.routes.split) return wrong;
  const canary = first.filter((answer) => answer.version === 'canary').length;
  const share = traffic.canaryPercent / 100;
  const allowed = 4 * Math.sqrt(count * share * (1 - share));
  if (Math.abs(canary - count * share) > allowed)
    wrong.push(`canary got ${canary} of ${count}, expected ${count * share} +- ${Math.round(allowed)}`);
  const second = await askAll();
  wrong.push(...strangers(second, genuine));
  const moved = second.filter(({ version }, index) => version !== '' && version !== first[index]?.version).length;
  if (moved > 0) wrong.push(`${moved} of ${count} users changed version between two requests`);
  return wrong;
}

/** Answers that are not, byte by byte, what the origin answers. */
function strangers(answers: readonly Answer[], genuine: ReadonlyMap<string, string>): readonly string[] {
  const strange = answers.filter(({ status, version, hash }) => status !== 200 || genuine.get(version) !== hash);
  if (strange.length === 0) return [];
  const statuses = [...new Set(strange.map(({ status }) => status))].join(', ');
  return [`${strange.length} of ${answers.length} answers are not the origin's (status ${statuses})`];
}

async function checkRule(ask: Ask, traffic: Traffic, count: number): Promise<readonly string[]> {
  const users = Array.from({ length: count }, (_, index) => `verify-${index}`);
  const answers = await inParallel(users, (user, index) => ask(traffic.requestOf(user, index, true)));
  const missed = answers.filter((answer) => answer.version !== 'canary').length;
  return missed === 0 ? [] : [`${missed} of ${answers.length} requests escaped the rule`];
}

async function checkStamps(ask: Ask, probe: WireRequest): Promise<readonly string[]> {
  const { text } = await ask(probe);
  const stamps = { forwardedFor: 'X-Forwarded-For', via: 'Via' };
  return Object.entries(stamps)
    .filter(([field]) => !new RegExp(`"${field}":"[^"]`).test(text))
    .map(([, name]) => `the origin saw no ${name}`);
}

/** In order of the items, as many at once as there are connections. */
async function inParallel<T, R>(items: readonly T[], work: (item: T, index: number) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  let next = 0;
  const lane = async () => {
    while (next < items.length) {
      const index = next++;
      results[index] = await work(items[index] as T, index);
    }
  };
  await Promise.all(Array.from({ length: CONNECTIONS }, lane));
  return results;
}

function askOnce(agent: Agent, port: number, { method, path, headers, body }: WireRequest): Promise<Answer> {
  const length = body === null ? {} : { 'content-length': body.length };
  const options = { agent, host: '127.0.0.1', port, method, path, headers: { ...headers, ...length }, timeout: 5_000 };
  return new Promise((resolve, reject) => {
    const outgoing = request(options, async (answer) => {
      const chunks: Buffer[] = [];
      try {
        for await (const chunk of answer) chunks.push(chunk as Buffer);
      } catch (error) {
        reject(error);
        return;
      }
      const bytes = Buffer.concat(chunks);
      resolve({
        status: answer.statusCode ?? 0,
        version: String(answer.headers['x-version'] ?? ''),
        hash: createHash('sha1').update(bytes).digest('hex'),
        bytes: bytes.length,
        text: bytes.length > 4096 ? '' : bytes.toString('latin1'),
        reused: outgoing.reusedSocket,
      });
    });
    outgoing.on('timeout', () => outgoing.destroy(new Error(`no answer from port ${port} within 5 s`)));
    outgoing.on('error', reject);
    outgoing.end(body ?? undefined, 'latin1');
  });
}
