import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { type LoadOrder, LoadRun } from '../load-run.ts';
import { parseRequestsFile } from '../requests-file.ts';

// Arguments: the order, the file of requests. Says `open` when its connections are, runs at the first line it is told, and
// keeps the connections until its input ends.
const [order = '', file = ''] = process.argv.slice(2);
const run = new LoadRun(JSON.parse(order) as LoadOrder, parseRequestsFile(readFileSync(file)));
await run.open();
process.stdout.write('open\n');
await once(process.stdin, 'data');
process.stdout.write(`${JSON.stringify(await run.run())}\n`);
process.stdin.resume();
await once(process.stdin, 'end');
run.close();
