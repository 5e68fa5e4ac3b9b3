import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Readable } from 'node:stream';
import { builtCli } from './built-cli.ts';

export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface ProcessOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** Sockets that it inherits, as systemd hands them over. */
  readonly sockets?: { readonly fds: readonly number[]; readonly names?: string };
}

const READY_DEADLINE_MS = 20_000;

/** The built command in a process of its own. */
class CliProcess implements AsyncDisposable {
  readonly child: ChildProcessByStdio<null, Readable, Readable>;
  stdout = '';
  stderr = '';
  readonly ended: Promise<Ended>;
  #wake = () => {};

  constructor(args: readonly string[], { env = {}, cwd, sockets }: ProcessOptions = {}) {
    const command = [process.execPath, builtCli(), ...args];
    // LISTEN_PID is the process's own: a shell knows it, and becomes that process.
    const [file, ...rest] =
      sockets === undefined ? command : ['/bin/sh', '-c', 'LISTEN_PID=$$ exec "$@"', 'sh', ...command];
    const named = sockets?.names === undefined ? {} : { LISTEN_FDNAMES: sockets.names };
    const listen = sockets === undefined ? {} : { LISTEN_FDS: `${sockets.fds.length}`, ...named };
    this.child = spawn(file!, rest, {
      stdio: ['ignore', 'pipe', 'pipe', ...(sockets?.fds ?? [])],
      env: { PATH: process.env['PATH'], ...env, ...listen },
      ...(cwd === undefined ? {} : { cwd }),
    }) as ChildProcessByStdio<null, Readable, Readable>;
    this.child.stdout.setEncoding('utf8').on('data', (text: string) => {
      this.stdout += text;
      this.#wake();
    });
    this.child.stderr.setEncoding('utf8').on('data', (text: string) => {
      this.stderr += text;
      this.#wake();
    });
    this.ended = once(this.child, 'close').then(([code]) => {
      this.#wake();
      return { code, stdout: this.stdout, stderr: this.stderr };
    });
  }

  /** Resolves once stdout (or stderr) holds this; rejects when the process ends or the time is up before that. */
  async says(text: string, stream: 'stdout' | 'stderr' = 'stdout'): Promise<void> {
    const deadline = AbortSignal.timeout(READY_DEADLINE_MS);
    const timeUp = once(deadline, 'abort').then(() => undefined);
    while (!this[stream].includes(text)) {
      if (this.child.exitCode !== null || deadline.aborted) {
        throw new Error(
          `never said "${text}" on ${stream} (exit code ${this.child.exitCode})\n${this.stdout}\n${this.stderr}`,
        );
      }
      const woken = new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
      await Promise.race([woken, timeUp]);
    }
  }

  /** Sends a signal and waits for the end. */
  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<Ended> {
    this.child.kill(signal);
    return this.ended;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.child.exitCode === null && this.child.signalCode === null) this.child.kill('SIGKILL');
    await this.ended;
  }
}

/** Runs a command to its end. */
export function runCommand(args: readonly string[], options: ProcessOptions = {}): Promise<Ended> {
  return new CliProcess(args, options).ended;
}

/** `graygate run`, once it is ready. */
export class GatewayProcess extends CliProcess {
  /** `http://ADDRESS:PORT` of a bound socket; the admin port is called admin. */
  url(name: string): string {
    const url = new RegExp(`^listening ${name} (\\S+)$`, 'm').exec(this.stdout)?.[1];
    if (url === undefined) throw new Error(`no listener ${name} in\n${this.stdout}`);
    return url;
  }

  async json(path: string): Promise<unknown> {
    return (await fetch(new URL(path, this.url('admin')))).json();
  }
}

export async function startGatewayProcess(
  args: readonly string[],
  options: ProcessOptions = {},
): Promise<GatewayProcess> {
  const gateway = new GatewayProcess(['run', ...args], options);
  await gateway.says('ready\n');
  return gateway;
}
