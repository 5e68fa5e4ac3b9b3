import { configText, type Gateway, startGateway } from './gateway.ts';
import { okAnswer, type RawClient, rawClient, type ScriptedOrigin, scriptedOrigin } from './raw-peer.ts';
import type { StrictRequest, StrictResponse } from './strict-message.ts';

/**
 * One gateway before one recording origin, for hostile octets sent one case after another. The oracle: either a 4xx or 5xx
 * answer and close, or exactly the requests that answers are owed for, each well-formed; never a hang; and a good request
 * on another connection right after must succeed and get its own answer.
 */
export class HostileLane implements AsyncDisposable {
  private readonly origin: ScriptedOrigin;
  private readonly gateway: Gateway;
  private readonly seen: StrictRequest[];
  private good: RawClient;
  private cases = 0;

  private constructor(origin: ScriptedOrigin, gateway: Gateway, seen: StrictRequest[], good: RawClient) {
    this.origin = origin;
    this.gateway = gateway;
    this.seen = seen;
    this.good = good;
  }

  static async open(): Promise<HostileLane> {
    const seen: StrictRequest[] = [];
    const origin = await scriptedOrigin(async (connection) => {
      for (;;) {
        const request = await connection.request();
        seen.push(request);
        connection.send(request.method === 'HEAD' ? okAnswer('') : okAnswer(`${request.method} ${request.target}`));
      }
    });
    const gateway = await startGateway(configText({ versions: { v1: origin.url } }));
    return new HostileLane(origin, gateway, seen, await rawClient(gateway.port()));
  }

  /** Plays one case; gives what went against the oracle, '' for nothing. */
  async play(payload: string, judge: (played: Played) => string = () => ''): Promise<string> {
    this.seen.length = 0;
    const faultsBefore = this.origin.faults().length;
    await using client = await rawClient(this.gateway.port());
    client.methods.push(payload.trimStart().split(' ', 1)[0]!);
    client.send(payload);
    // What waits for more octets has no answer to give: it is told that none will come.
    await client.until(() => client.ended || /\r\n\r\n/.test(client.text), 'an answer', 250).catch(() => {});
    const refused = / ([45]\d\d) /.exec(client.text.slice(0, 13)) !== null;
    if (refused) await client.waitForEnd(2_000).catch(() => {});
    const closedByItself = client.ended;
    client.finish();
    await client.waitForEnd(5_000).catch(() => {});
    if (!client.ended) return 'hangs after the client has ended';
    let answers: readonly StrictResponse[];
    try {
      answers = client.answers().final;
    } catch (error) {
      return String(error);
    }
    const requests = [...this.seen];
    if (refused && !closedByItself) return `not closed after ${client.text.slice(0, 60)}`;
    if (requests.length > answers.length) return `${requests.length} requests at the origin, ${answers.length} answers`;
    const faults = this.origin.faults().slice(faultsBefore);
    if (faults.length > 0) return `malformed at the origin: ${faults.join('; ')}`;
    return judge({ requests, answers }) || (await this.goodAfter());
  }

  private async goodAfter(): Promise<string> {
    const target = `/good?${this.cases++}`;
    // A long conversation is read again from its beginning for each answer.
    if (this.cases % 50 === 0) {
      await this.good[Symbol.asyncDispose]();
      this.good = await rawClient(this.gateway.port());
    }
    this.good.request(`GET ${target}`);
    try {
      const { status, body } = await this.good.answer();
      return status === 200 && body.toString() === `GET ${target}` ? '' : `a good request got ${status} ${body}`;
    } catch (error) {
      return `a good request failed: ${error}`;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.good[Symbol.asyncDispose]();
    await this.gateway[Symbol.asyncDispose]();
    await this.origin[Symbol.asyncDispose]();
  }
}

export interface Played {
  /** What arrived whole at the origin. */
  readonly requests: readonly StrictRequest[];
  /** Final answers that the client got. */
  readonly answers: readonly StrictResponse[];
}

export interface HostileCase {
  readonly id: string;
  readonly payload: string;
  readonly judge?: (played: Played) => string;
}

export interface PlayedAll {
  /** What went wrong, one line a case. */
  readonly wrong: readonly string[];
  /** Cases of which a request arrived at the origin, and cases that did not get through: a set of both kinds tests something. */
  readonly passed: number;
  readonly refused: number;
}

/** Plays all cases over several lanes side by side. */
export async function playAll(cases: readonly HostileCase[], lanes = 12): Promise<PlayedAll> {
  const wrong: string[] = [];
  let next = 0;
  let passed = 0;
  let refused = 0;
  const run = async (): Promise<void> => {
    await using lane = await HostileLane.open();
    while (next < cases.length) {
      const { id, payload, judge } = cases[next++]!;
      const violation = await lane.play(payload, (played) => {
        if (played.requests.length > 0) passed++;
        else refused++;
        return judge?.(played) ?? '';
      });
      if (violation !== '') wrong.push(`${id}: ${violation} <- ${JSON.stringify(payload.slice(0, 300))}`);
    }
  };
  await Promise.all(Array.from({ length: lanes }, run));
  return { wrong, passed, refused };
}
