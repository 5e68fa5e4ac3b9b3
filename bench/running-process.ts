import { type ChildProcess, spawn } from 'node:child_process';
import { type AddressInfo, connect, createServer } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { pinned, type Role } from './measure/pinning.ts';

/** Long enough to read a configuration of 10,000 routes. */
const START_TIMEOUT_MS = 90_000;

/** A server started for the bench. */
export interface RunningProcess {
  readonly pid: number;
  stop(): Promise<void>;
}

const running = new Set<ChildProcess>();

/** Ends every server that still runs. */
export async function stopEverything(): Promise<void> {
  await Promise.all([...running].map(stopProcess));
}

/** Starts a server on the core of its role and waits until its port takes connections. */
export async function startServer(
  role: Role,
  command: string,
  args: readonly string[],
  port: number,
): Promise<RunningProcess> {
  const child = spawn(...(pinned(role, command, args) as [string, string[]]), { stdio: ['ignore', 'pipe', 'pipe'] });
  let said = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk: Buffer) => {
      said = (said + chunk.toString()).slice(-2000);
    });
  }
  child.once('error', (error) => {
    said += error.message;
  });
  running.add(child);
  child.once('exit', () => running.delete(child));
  const server = { pid: child.pid ?? -1, stop: () => stopProcess(child) };
  const deadline = performance.now() + START_TIMEOUT_MS;
  while (!(await takesConnections(port))) {
    if (child.exitCode !== null || child.pid === undefined || performance.now() > deadline) {
      await server.stop();
      throw new Error(`${command} does not listen on port ${port}: ${tellingLine(said)}`);
    }
    await delay(20);
  }
  return server;
}

/** The line that says what went wrong, of everything a program said before it ended. */
function tellingLine(said: string): string {
  const lines = said.trim().split('\n');
  return lines.find((line) => /error|emerg|alert/i.test(line)) ?? lines.at(-1) ?? '';
}

/** Asks a process to end, and ends it when it does not. */
export async function stopProcess(child: ChildProcess): Promise<void> {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGTERM');
  const hard = setTimeout(() => child.kill('SIGKILL'), 3_000);
  await ended;
  clearTimeout(hard);
}

function takesConnections(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: '127.0.0.1' });
    socket.once('connect', () => resolve(true));
    socket.once('error', () => resolve(false));
    socket.once('connect', () => socket.destroy());
  });
}

/** A loopback port that was free a moment ago. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const { port } = probe.address() as AddressInfo;
      probe.close(() => resolve(port));
    });
  });
}
