import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { type LoadOrder, LoadRun } from '../load-run.ts';
import { parseRequestsFile } from '../requests-file.ts';

/** Long enough for the compiler to be done with the client's own code: a cold client is a late one. */
const WARMUP_SECONDS = 0.5;
const WARMUP_CONNECTIONS = 16;

// Arguments: the order, the file of requests. Says `open` when its connections are, runs at the first line it is told, and
// keeps the connections until its input ends.
const [orderText = '', file = ''] = process.argv.slice(2);
const order = JSON.parse(orderText) as LoadOrder;
const requests = parseRequestsFile(readFileSync(file));
if (order.rate !== null) await warmUp();
const run = new LoadRun(order, requests);
await run.open();
process.stdout.write('open\n');
await once(process.stdin, 'data');
process.stdout.write(`${JSON.stringify(await run.run())}\n`);
process.stdin.resume();
await once(process.stdin, 'end');
run.close();

async function warmUp(): Promise<void> {
  const connections = Math.min(order.connections, WARMUP_CONNECTIONS);
  const warming = new LoadRun({ ...order, connections, seconds: WARMUP_SECONDS }, requests);
  await warming.open();
  await warming.run();
  warming.close();
}
