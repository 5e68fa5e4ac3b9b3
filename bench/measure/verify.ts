import { Agent, type IncomingMessage, request } from 'node:http';
import type { Origin } from '../origin.ts';
import type { Peer } from '../peers/peer.ts';
import type { Scenario } from '../scenarios/scenario.ts';

const USERS = 2_000;
const CONNECTIONS = 16;

interface Answer {
  readonly status: number;
  readonly version: string;
  readonly body: Readonly<Record<string, string>>;
  readonly reused: boolean;
}

/** Asks one peer one question on kept-alive connections. */
type Ask = (headers: Readonly<Record<string, string>>, path?: string) => Promise<Answer>;

/**
 * Checks, before anything is measured, that a peer does the work it is compared for: right answers, the share within four
 * standard deviations, one user one version, connections kept on both sides. Returns what is wrong, empty when nothing is.
 */
export async function verify(peer: Peer, port: number, scenario: Scenario, origin: Origin): Promise<readonly string[]> {
  const agent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS });
  const ask: Ask = (headers, path = scenario.path) => askOnce(agent, port, path, { ...scenario.headers, ...headers });
  try {
    return [
      ...(await checkShareAndConnections(peer, ask, scenario, origin)),
      ...(peer.routes.rule ? await checkRule(ask, scenario) : []),
      ...(peer.routes.stamps ? await checkStamps(ask) : []),
    ];
  } finally {
    agent.destroy();
  }
}

async function checkShareAndConnections(
  peer: Peer,
  ask: Ask,
  scenario: Scenario,
  origin: Origin,
): Promise<readonly string[]> {
  const users = Array.from({ length: USERS }, (_, index) => `verify-${index}`);
  const askAll = () => inParallel(users, (user) => ask({ [scenario.userHeader]: user }));
  const acceptedBefore = await origin.acceptedConnections();
  const first = await askAll();
  const accepted = (await origin.acceptedConnections()) - acceptedBefore;
  const wrong: string[] = [];
  const failed = first.filter((answer) => answer.status !== 200 || answer.body['padding'] === undefined).length;
  if (failed > 0) wrong.push(`${failed} of ${USERS} answers are not the origin's`);
  const fresh = first.filter((answer) => !answer.reused).length;
  if (fresh > CONNECTIONS * 2) wrong.push(`client connections are not kept: ${fresh} for ${USERS} requests`);
  if (accepted > USERS / 10) wrong.push(`origin connections are not kept: ${accepted} for ${USERS} requests`);
  if (!peer.routes.split) return wrong;
  const canary = first.filter((answer) => answer.version === 'canary').length;
  const share = scenario.canaryPercent / 100;
  const allowed = 4 * Math.sqrt(USERS * share * (1 - share));
  if (Math.abs(canary - USERS * share) > allowed)
    wrong.push(`canary got ${canary} of ${USERS}, expected ${USERS * share} +- ${Math.round(allowed)}`);
  const second = await askAll();
  const moved = second.filter((answer, index) => answer.version !== first[index]?.version).length;
  if (moved > 0) wrong.push(`${moved} of ${USERS} users changed version between two requests`);
  return wrong;
}

async function checkRule(ask: Ask, scenario: Scenario): Promise<readonly string[]> {
  const answers = await inParallel(scenario.users, (user) =>
    ask({ [scenario.userHeader]: user, [scenario.rule.header]: scenario.rule.value }),
  );
  const missed = answers.filter((answer) => answer.version !== 'canary').length;
  return missed === 0 ? [] : [`${missed} of ${answers.length} requests escaped the header rule`];
}

async function checkStamps(ask: Ask): Promise<readonly string[]> {
  const { body } = await ask({}, '/seen');
  const missing = ['forwardedFor', 'via'].filter((name) => (body[name] ?? '') === '');
  return missing.map((name) => `the origin saw no ${name === 'via' ? 'Via' : 'X-Forwarded-For'}`);
}

/** In order of the items, as many at once as there are connections. */
async function inParallel<T, R>(items: readonly T[], work: (item: T) => Promise<R>): Promise<readonly R[]> {
  const results: R[] = [];
  let next = 0;
  const lane = async () => {
    while (next < items.length) {
      const index = next++;
      results[index] = await work(items[index] as T);
    }
  };
  await Promise.all(Array.from({ length: CONNECTIONS }, lane));
  return results;
}

function askOnce(agent: Agent, port: number, path: string, headers: Record<string, string>): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const outgoing = request({ agent, host: '127.0.0.1', port, path, headers, timeout: 5_000 }, (answer) => {
      readJson(answer).then(
        (body) =>
          resolve({
            status: answer.statusCode ?? 0,
            version: body['version'] ?? '',
            body,
            reused: outgoing.reusedSocket,
          }),
        reject,
      );
    });
    outgoing.on('timeout', () => outgoing.destroy(new Error(`no answer from port ${port} within 5 s`)));
    outgoing.on('error', reject);
    outgoing.end();
  });
}

async function readJson(answer: IncomingMessage): Promise<Record<string, string>> {
  let text = '';
  answer.setEncoding('utf8');
  for await (const chunk of answer) text += chunk;
  try {
    return JSON.parse(text) as Record<string, string>;
  } catch {
    return {};
  }
}
