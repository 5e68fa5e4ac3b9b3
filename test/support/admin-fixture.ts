import { type IncomingHttpHeaders, request } from 'node:http';
import { type AdminServer, createAdminServer } from '../../src/admin/admin-server.ts';
import type { AdminOptions } from '../../src/admin/ports.ts';
import { CommandError } from '../../src/control/command-error.ts';
import type { Status } from '../../src/control/status.ts';

const refuse = async (): Promise<never> => {
  throw new CommandError('not-ready', 'nothing is behind this admin server');
};

const NO_CONTROL: AdminOptions['control'] = {
  setWeights: refuse,
  resetWeights: refuse,
  adoptWeights: refuse,
  setSwitch: refuse,
  setIgnored: refuse,
  setFreeze: refuse,
  setDrained: refuse,
  rollback: refuse,
  check: refuse,
  configuration: () => ({ revision: 2, generation: 3, rollback: null, files: [] }),
  history: async () => [],
  audit: async () => [],
};

/** The ports of an admin server with nothing behind them. */
export function adminOptions(changes: Partial<AdminOptions> = {}): AdminOptions {
  return {
    address: '127.0.0.1:0',
    tokens: null,
    metricsMode: 'token',
    version: '0.0.0-test',
    isReady: () => true,
    status: async () => statusView(),
    explain: async (sample) => ({ sample: { ...sample, body: sample.body && Buffer.from(sample.body).toString() } }),
    metrics: async () => 'graygate_config_generation 3\n',
    mirrors: async () => [],
    differences: refuse,
    forgetDifferences: refuse,
    traffic: async () => [],
    decisions: async () => [],
    control: NO_CONTROL,
    restartWorkers: async () => {},
    onInternalError: () => {},
    nowMs: () => 1_700_000_000_000,
    ...changes,
  };
}

export function statusView(changes: Partial<Status> = {}): Status {
  return {
    generation: 3,
    revision: 2,
    config: { file: '/etc/graygate.yaml', error: null, rollback: null, drift: false },
    workers: [{ id: 0, pid: 1, generation: 3 }],
    listeners: [{ name: 'edge', address: '127.0.0.1', port: 8080 }],
    routes: [],
    services: {},
    switches: {},
    releases: {},
    freeze: { on: false, reason: '', revision: 0 },
    ...changes,
  };
}

export interface Call {
  readonly method?: string;
  readonly path?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
}

export interface AnswerJson {
  readonly error?: { readonly code: string; readonly message: string; readonly requestId: string };
  readonly sample?: unknown;
}

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
  /** Empty unless the answer was JSON. */
  readonly json: AnswerJson;
}

/** A bound admin server and a plain client of it; `await using` lets go of it. */
export class AdminFixture implements AsyncDisposable {
  readonly server: AdminServer;
  readonly port: number;

  private constructor(server: AdminServer, port: number) {
    this.server = server;
    this.port = port;
  }

  static async start(changes: Partial<AdminOptions> = {}): Promise<AdminFixture> {
    const server = createAdminServer(adminOptions(changes));
    const { port } = await server.listen();
    return new AdminFixture(server, port);
  }

  call({ method = 'GET', path = '/', headers = {}, body }: Call): Promise<Answer> {
    const { promise, resolve, reject } = Promise.withResolvers<Answer>();
    const call = request({ host: '127.0.0.1', port: this.port, method, path, headers, agent: false }, (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (piece: string) => {
        text += piece;
      });
      response.on('error', reject);
      response.on('end', () => {
        const isJson = response.headers['content-type']?.startsWith('application/json') === true && text !== '';
        resolve({
          status: response.statusCode!,
          headers: response.headers,
          text,
          json: isJson ? JSON.parse(text) : {},
        });
      });
    });
    call.on('error', reject);
    call.end(body);
    return promise;
  }

  post(path: string, value: unknown, headers: Readonly<Record<string, string>> = {}): Promise<Answer> {
    const all = { 'content-type': 'application/json', ...headers };
    return this.call({ method: 'POST', path, headers: all, body: Buffer.from(JSON.stringify(value)) });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.server.close();
  }
}
