import { systemNames } from '../../src/adapters/names.ts';
import { systemRandom } from '../../src/adapters/random.ts';
import { compile } from '../../src/config/compile.ts';
import { formatIssue } from '../../src/config/issue.ts';
import { parseConfiguration } from '../../src/config/parse.ts';
import type { RandomSource } from '../../src/core/ports.ts';
import { DataPlane, type DataPlaneOptions } from '../../src/proxy/data-plane.ts';
import { type ComparisonTotal, ComparisonTotals } from '../../src/telemetry/comparison-totals.ts';
import { FallbackCells } from '../../src/telemetry/fallback-cells.ts';
import { type MirrorCellDelta, MirrorCells } from '../../src/telemetry/mirror-cells.ts';
import type { ListenerReport } from '../../src/telemetry/reports.ts';
import { RequestCells, STATUS_LABELS } from '../../src/telemetry/request-cells.ts';
import { conditionPorts } from './condition-ports.ts';

export interface GatewayOptions {
  /** Texts of list files by the path that the configuration names. */
  readonly lists?: Readonly<Record<string, string>>;
  readonly random?: RandomSource;
  /** What gets no new request: endpoint URLs, `service/version`. */
  readonly drained?: readonly string[];
  /** What the data plane's own settings are not. */
  readonly plane?: Partial<
    Pick<DataPlaneOptions, 'decisions' | 'onFault' | 'tunnelIdleMs' | 'names' | 'workers' | 'unknownCells'>
  >;
}

/** A mirror's counters since the start, as mirror.md names them. */
export type MirrorAccount = {
  readonly [Key in Exclude<keyof MirrorCellDelta, 'route' | 'rule' | 'mirror' | 'statuses' | 'dropped'>]: number;
} & {
  readonly dropped: number;
  /** Dropped by reason. */
  readonly reasons: Readonly<Record<string, number>>;
};

/** A data plane in this process, from YAML text: parse, compile, install, as the gateway does it. */
export class Gateway implements AsyncDisposable {
  readonly plane: DataPlane;
  readonly requestCells = new RequestCells();
  readonly mirrorCells = new MirrorCells();
  readonly fallbackCells = new FallbackCells();
  private listeners: readonly ListenerReport[] = [];
  private generation = 0;
  private readonly counted = new Map<string, number>();
  private readonly accounts = new Map<string, MirrorAccount>();
  private readonly comparisons = new ComparisonTotals();

  constructor({ random = systemRandom(), plane = {} }: GatewayOptions) {
    const { requestCells, mirrorCells, fallbackCells } = this;
    const names = systemNames();
    this.plane = new DataPlane({ random, names, requestCells, mirrorCells, fallbackCells, workers: 1, ...plane });
  }

  /** Makes this the configuration in force. Throws, with every issue, when it has errors. */
  async install(
    yaml: string,
    { lists = {}, drained = [] }: Pick<GatewayOptions, 'lists' | 'drained'> = {},
  ): Promise<void> {
    const readFile = (path: string): string | { readonly error: string } => lists[path] ?? { error: 'no such file' };
    const parsed = parseConfiguration(
      { files: [{ path: 'graygate.yaml', text: yaml }], env: {}, readFile },
      conditionPorts,
    );
    if (parsed.config === null) throw new Error(parsed.issues.map(formatIssue).join('\n'));
    this.generation++;
    const installation = {
      generation: this.generation,
      config: parsed.config,
      live: { weights: {}, switches: {}, drained },
      lists: parsed.lists,
    };
    this.listeners = await this.plane.install(compile(installation, conditionPorts));
  }

  port(name = 'edge'): number {
    const listener = this.listeners.find((report) => report.name === name);
    if (listener === undefined) throw new Error(`no listener ${name}`);
    return listener.port;
  }

  /** Requests counted since the start, by `route/rule/version/status`. */
  counts(): ReadonlyMap<string, number> {
    for (const { route, rule, version, counts } of this.requestCells.takeDelta().cells) {
      for (const [place, count] of counts.entries()) {
        const key = `${route}/${rule}/${version}/${STATUS_LABELS[place]}`;
        if (count > 0) this.counted.set(key, (this.counted.get(key) ?? 0) + count);
      }
    }
    return this.counted;
  }

  /**
   * The account of a mirror since the start, `rule` '' being the route's own; throws when one of its identities does not hold.
   */
  mirrorAccount(route: string, mirror: string, rule = ''): MirrorAccount {
    this.takeMirrors();
    const account = this.accounts.get(`${route}/${rule}/${mirror}`) ?? NO_COPIES;
    const ends = account.notSampled + account.dropped + account.sent + account.pending;
    const outcomes = account.answered + account.timedOut + account.failed + account.inFlight;
    if (account.eligible !== ends || account.sent !== outcomes)
      throw new Error(`the account is off: ${JSON.stringify(account)}`);
    return account;
  }

  /** What comparing came to since the start; null: nothing was compared. */
  comparison(route: string, mirror: string): ComparisonTotal | null {
    this.takeMirrors();
    return this.comparisons.of(route, mirror);
  }

  private takeMirrors(): void {
    const { cells, comparisons = [] } = this.mirrorCells.takeDelta();
    for (const cell of cells) this.addToAccount(cell);
    this.comparisons.add(comparisons);
  }

  private addToAccount(cell: MirrorCellDelta): void {
    const key = `${cell.route}/${cell.rule}/${cell.mirror}`;
    const before = this.accounts.get(key) ?? NO_COPIES;
    const dropped = Object.values(cell.dropped).reduce((sum, count) => sum + count, before.dropped);
    const reasons = { ...before.reasons };
    for (const [reason, count] of Object.entries(cell.dropped)) reasons[reason] = (reasons[reason] ?? 0) + count;
    this.accounts.set(key, {
      eligible: before.eligible + cell.eligible,
      notSampled: before.notSampled + cell.notSampled,
      dropped,
      reasons,
      sent: before.sent + cell.sent,
      answered: before.answered + cell.answered,
      timedOut: before.timedOut + cell.timedOut,
      failed: before.failed + cell.failed,
      pending: cell.pending,
      inFlight: cell.inFlight,
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.plane.close();
  }
}

const NO_COPIES: MirrorAccount = {
  eligible: 0,
  notSampled: 0,
  dropped: 0,
  reasons: {},
  sent: 0,
  answered: 0,
  timedOut: 0,
  failed: 0,
  pending: 0,
  inFlight: 0,
};

export async function startGateway(yaml: string, options: GatewayOptions = {}): Promise<Gateway> {
  const gateway = new Gateway(options);
  await gateway.install(yaml, options);
  return gateway;
}

/** An endpoint as configured: its URL, alone or with a weight. */
export type EndpointSketch = string | { readonly url: string; readonly weight: number };

export interface Sketch {
  /** Endpoints of each version of the service `app`, in file order. */
  readonly versions: Readonly<Record<string, EndpointSketch | readonly EndpointSketch[]>>;
  /** Over the route `all`; by default everything goes to the first version. */
  readonly route?: Readonly<Record<string, unknown>>;
  readonly listener?: Readonly<Record<string, unknown>>;
  readonly service?: Readonly<Record<string, unknown>>;
  /** Over the top level. */
  readonly top?: Readonly<Record<string, unknown>>;
}

/** The text of a configuration with one listener `edge`, one service `app` and one route `all` (YAML holds JSON). */
export function configText({ versions, route = {}, listener = {}, service = {}, top = {} }: Sketch): string {
  const first = Object.keys(versions)[0]!;
  const endpoints = Object.entries(versions).map(([name, urls]) => [name, { endpoints: [urls].flat() }]);
  return JSON.stringify({
    version: 1,
    listeners: [{ name: 'edge', address: '127.0.0.1:0', ...listener }],
    services: { app: { versions: Object.fromEntries(endpoints), ...service } },
    routes: [{ name: 'all', service: 'app', split: { [first]: 100 }, ...route }],
    ...top,
  });
}
