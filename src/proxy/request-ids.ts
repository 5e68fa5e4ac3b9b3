import { randomBytes } from 'node:crypto';
import { TraceIds } from '../telemetry/trace-ids.ts';

/** Makes request ids: a prefix no other process has, and a count. Characters [a-z0-9-]. */
export class RequestIds {
  readonly traces = new TraceIds();
  readonly #prefix = `${randomBytes(6).toString('hex')}-`;
  #count = 0;

  next(): string {
    this.#count += 1;
    return this.#prefix + this.#count.toString(36);
  }
}
