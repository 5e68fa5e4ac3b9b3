#!/usr/bin/env node
import { runCli } from './cli/cli.ts';

/** A reader that went away (`graygate ... | head`) is no reason to fall over. */
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
  });
}

function fail(error: unknown): never {
  process.stderr.write(`graygate: ${error instanceof Error ? error.stack : String(error)}\n`);
  process.exit(1);
}
process.on('uncaughtException', fail);
process.on('unhandledRejection', fail);

/** How long what is still open may keep a finished command alive. */
const LINGER_MS = 1_000;

const exitCode = await runCli(process.argv.slice(2), {
  env: process.env,
  out: (text) => void process.stdout.write(text),
  err: (text) => void process.stderr.write(text),
});
process.exitCode = exitCode;
setTimeout(() => process.exit(exitCode), LINGER_MS).unref();
