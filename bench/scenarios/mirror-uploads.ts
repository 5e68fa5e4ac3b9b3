import { once } from 'node:events';
import { connect } from 'node:net';
import { fileURLToPath } from 'node:url';
import { Arena, type Contender } from '../arena.ts';
import { residentBytesOfTree } from '../measure/cpu.ts';
import { graygate } from '../peers/graygate.ts';
import type { Findings, Verdict } from '../report/findings.ts';
import { nameOfSetting } from '../report/setting.ts';
import { withRange } from '../report/tables.ts';
import { freePort, startServer } from '../running-process.ts';
import { median } from '../statistics.ts';
import type { Bench, Scenario } from './scenario.ts';
import { headerRuledTraffic } from './traffic.ts';

const SILENT = fileURLToPath(new URL('../origin/processes/silent.ts', import.meta.url));
const TRAFFIC = headerRuledTraffic({ bodyBytes: 1024 });
const MIB = 2 ** 20;
const UPLOAD_BYTES = 100_000_000;
const BLOCK = Buffer.alloc(MIB, 'x');
const LABELS = {
  none: 'graygate',
  fast: 'graygate, mirrored to a fast shadow',
  silent: 'graygate, mirrored to one that never answers',
} as const;

/** Uploads far larger than a copy may be: the copy is given up on the way, and the upload must not notice. */
export const mirrorUploads: Scenario = {
  name: 'mirror-uploads',
  about:
    'POST of 100 MB over one connection, mirrored and not: what goes through in a second, and the memory meanwhile',
  weight: 30,
  quick: false,
  run,
};

interface Uploads {
  readonly label: string;
  readonly megabytesPerSecond: number[];
  mostResidentBytes: number;
}

async function run(bench: Bench): Promise<Findings> {
  const arena = await Arena.open(bench, { readsBodies: true });
  const silentPort = await freePort();
  const silent = await startServer('rest', process.execPath, [SILENT, String(silentPort)], silentPort);
  try {
    const ports = { none: null, fast: arena.origin.shadowPort, silent: silentPort };
    await arena.enter(
      Object.entries(ports).map(([kind, mirrorPort]) => ({
        peer: graygate,
        label: LABELS[kind as keyof typeof LABELS],
        setup: { mirrorPort },
      })),
      TRAFFIC,
    );
    const uploads = await uploadInTurn(bench, arena);
    return {
      setting: nameOfSetting(bench, arena.origin, TRAFFIC),
      entries: arena.entries,
      skipped: arena.skipped,
      measured: [],
      tables: [
        {
          title: '100 MB over one connection',
          columns: ['proxy', 'MB/s', 'most RSS MB'],
          rows: uploads.map(({ label, megabytesPerSecond, mostResidentBytes }) => [
            label,
            withRange(megabytesPerSecond, 0),
            (mostResidentBytes / MIB).toFixed(0),
          ]),
        },
      ],
      charts: [],
      verdicts: verdictsOf(uploads),
      notes: [],
    };
  } finally {
    await arena.close();
    await silent.stop();
  }
}

async function uploadInTurn(bench: Bench, arena: Arena): Promise<readonly Uploads[]> {
  const all = arena.contenders.map((contender) => ({
    contender,
    label: contender.label,
    megabytesPerSecond: [] as number[],
    mostResidentBytes: 0,
  }));
  for (const { contender } of all) await upload(contender);
  for (let round = 0; round < bench.plan.rounds && (round === 0 || !bench.box.isOver); round++) {
    for (const one of all) {
      const { seconds, residentBytes } = await upload(one.contender);
      one.megabytesPerSecond.push(UPLOAD_BYTES / 1e6 / seconds);
      one.mostResidentBytes = Math.max(one.mostResidentBytes, residentBytes);
      bench.say(`  round ${round + 1}: ${one.label.padEnd(44)} ${one.megabytesPerSecond.at(-1)!.toFixed(0)} MB/s`);
    }
  }
  return all;
}

/** One upload, until it is answered. */
async function upload({ port, process }: Contender): Promise<{ seconds: number; residentBytes: number }> {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true });
  await once(socket, 'connect');
  const answered = once(socket, 'data') as Promise<[Buffer]>;
  let residentBytes = 0;
  const startedAt = performance.now();
  socket.write(`POST /upload HTTP/1.1\r\nhost: bench.test\r\ncontent-length: ${UPLOAD_BYTES}\r\n\r\n`);
  for (let left = UPLOAD_BYTES; left > 0; left -= BLOCK.length) {
    if (left % (16 * MIB) < BLOCK.length) residentBytes = Math.max(residentBytes, residentBytesOfTree(process.pid));
    if (!socket.write(left < BLOCK.length ? BLOCK.subarray(0, left) : BLOCK)) await once(socket, 'drain');
  }
  const [answer] = await answered;
  const seconds = (performance.now() - startedAt) / 1000;
  socket.destroy();
  if (!answer.toString('latin1', 0, 12).endsWith('200'))
    throw new Error(`an upload was answered ${answer.toString('latin1', 0, 40)}`);
  return { seconds, residentBytes };
}

function verdictsOf(uploads: readonly Uploads[]): readonly Verdict[] {
  const [unmirrored, ...mirrored] = uploads;
  if (unmirrored === undefined) return [];
  const reference = median(unmirrored.megabytesPerSecond);
  return mirrored.map(({ label, megabytesPerSecond }) => ({
    what: `100 MB uploads, ${label.replace('graygate, ', '')}: time vs not mirrored`,
    value: reference / median(megabytesPerSecond),
    unit: 'x' as const,
    atMost: 1.1,
    aim: 1.1,
  }));
}
