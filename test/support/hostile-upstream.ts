import { configText, startGateway } from './gateway.ts';
import { okAnswer, rawClient, scriptedOrigin } from './raw-peer.ts';
import type { StrictResponse } from './strict-message.ts';

export interface HostileAnswer {
  readonly id: string;
  /** What the upstream sends, then FIN. */
  readonly octets: string;
  /** What went wrong, given the answer that the client got whole; '' for nothing. */
  readonly judge?: (answer: StrictResponse | undefined) => string;
}

/**
 * Hostile octets from the upstream's side. The oracle: the client gets one well-formed answer, or a 5xx, or a cut; never two
 * answers, and the next request gets its own.
 */
export async function playAnswers(answers: readonly HostileAnswer[], lanes = 8): Promise<string[]> {
  await using origin = await scriptedOrigin(async (connection) => {
    for (;;) {
      const { target } = await connection.request();
      const place = /^\/hostile\?(\d+)$/.exec(target)?.[1];
      connection.send(place === undefined ? okAnswer(target) : answers[Number(place)]!.octets);
      if (place !== undefined) connection.finish();
    }
  });
  await using gateway = await startGateway(configText({ versions: { v1: origin.url } }));
  const wrong: string[] = [];
  let next = 0;
  const run = async (): Promise<void> => {
    while (next < answers.length) {
      const place = next++;
      const { id, octets, judge } = answers[place]!;
      const violation = await askFor(gateway.port(), place, judge).catch((error: unknown) => String(error));
      if (violation !== '') wrong.push(`${id}: ${violation} <- ${JSON.stringify(octets.slice(0, 300))}`);
    }
  };
  await Promise.all(Array.from({ length: lanes }, run));
  return wrong;
}

async function askFor(port: number, place: number, judge: HostileAnswer['judge']): Promise<string> {
  await using client = await rawClient(port);
  client.request(`GET /hostile?${place}`);
  await client.until(() => client.ended || client.answers().final.length > 0, 'an answer or a cut', 3_000);
  client.request(`GET /next?${place}`);
  client.finish();
  await client.waitForEnd(3_000);
  const { final } = client.answers();
  if (final.length > 2) return `${final.length} answers to two requests`;
  if (final[1] !== undefined && final[1].body.toString() !== `/next?${place}`)
    return `the next request got ${final[1].body}`;
  return judge?.(final[0]) ?? '';
}
