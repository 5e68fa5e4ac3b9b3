import { type AccessRecord, accessLine } from './access-line.ts';
import { LineWriter } from './line-writer.ts';

/** `accessLog` of the configuration. */
export interface AccessLogSettings {
  /** `stdout`, or a file's path. */
  readonly to: string;
  readonly only: 'all' | 'errors' | { readonly samplePercent: number };
}

export interface AccessLogOptions {
  /** Uniform in [0, 1): chooses the sample. */
  readonly draw: () => number;
  readonly notify: (level: 'warning' | 'info', text: string) => void;
  /** Keeps lines for stdout back until `release`. */
  readonly isHeld: boolean;
}

const STDOUT = 1;

/** One JSON line for each request that is to be logged. Asked once a request whether it is, and only then given a record. */
export class AccessLog {
  readonly to: string;
  readonly #draw: () => number;
  readonly #writer: LineWriter;
  #only: AccessLogSettings['only'];

  constructor({ to, only }: AccessLogSettings, { draw, notify, isHeld }: AccessLogOptions) {
    this.to = to;
    this.#only = only;
    this.#draw = draw;
    const isStdout = to === 'stdout';
    const name = `access log ${to}`;
    this.#writer = new LineWriter({ to: isStdout ? STDOUT : to, name, notify, isHeld: isHeld && isStdout });
  }

  /** After a reload that changes what is logged, and not where to. */
  set only(only: AccessLogSettings['only']) {
    this.#only = only;
  }

  /** `isFault`: something went wrong that the status need not show (a cut answer, a client that left, a fallback). */
  wants(status: number, isFault: boolean): boolean {
    const only = this.#only;
    if (only === 'all') return true;
    if (only === 'errors') return isFault || status >= 400;
    return this.#draw() * 100 < only.samplePercent;
  }

  record(record: AccessRecord): void {
    this.#writer.write(accessLine(record));
  }

  /** Lines that were lost since the start. */
  get dropped(): number {
    return this.#writer.dropped;
  }

  release(): void {
    this.#writer.release();
  }

  reopen(): void {
    this.#writer.reopen();
  }

  close(): Promise<void> {
    return this.#writer.close();
  }
}
