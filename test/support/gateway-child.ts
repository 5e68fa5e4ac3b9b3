import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { HeldResources } from '../../src/proxy/data-plane.ts';
import type { ChildOrder } from './gateway-program.ts';

const PROGRAM = fileURLToPath(new URL('./gateway-program.ts', import.meta.url));

/** What a gateway in a process of its own tells about itself. */
export interface ProcessFigures {
  readonly rssBytes: number;
  /** User and system time since the start. */
  readonly cpuMs: number;
  readonly held: HeldResources;
}

export interface ChildOptions {
  readonly nodeArgs?: readonly string[];
  /** Most descriptors that the process may have open. */
  readonly descriptors?: number;
}

/** A data plane alone in a process, for what must be measured apart from the test's own doings. */
export class GatewayChild implements AsyncDisposable {
  readonly child: ChildProcess;
  readonly port: number;

  private constructor(child: ChildProcess, port: number) {
    this.child = child;
    this.port = port;
  }

  static async start(yaml: string, { nodeArgs = [], descriptors }: ChildOptions = {}): Promise<GatewayChild> {
    const limit = descriptors === undefined ? '' : `ulimit -n ${descriptors}; `;
    const command = `${limit}exec "$0" "$@"`;
    const child = spawn('sh', ['-c', command, process.execPath, ...nodeArgs, PROGRAM], {
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    });
    child.send({ kind: 'start', yaml } satisfies ChildOrder);
    return new GatewayChild(child, (await messageOf(child)) as number);
  }

  figures(): Promise<ProcessFigures> {
    return this.order({ kind: 'figures' });
  }

  /** Has so much of its heap filled, in place of what was before. */
  fillHeap(bytes: number): Promise<ProcessFigures> {
    return this.order({ kind: 'fill-heap', bytes });
  }

  private async order(order: ChildOrder): Promise<ProcessFigures> {
    this.child.send(order);
    return (await messageOf(this.child)) as ProcessFigures;
  }

  async held(): Promise<HeldResources> {
    return (await this.figures()).held;
  }

  get isRunning(): boolean {
    return this.child.exitCode === null && this.child.signalCode === null;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.isRunning) return;
    this.child.kill('SIGKILL');
    await once(this.child, 'exit');
  }
}

/** The next message of the process; an error when it ends before. */
async function messageOf(child: ChildProcess): Promise<unknown> {
  const ended = new AbortController();
  const gone = (): void => ended.abort(new Error(`the gateway ended with ${child.exitCode ?? child.signalCode}`));
  child.once('exit', gone);
  try {
    const [message] = await once(child, 'message', { signal: ended.signal });
    return message;
  } finally {
    child.off('exit', gone);
  }
}
