import { randomBytes } from 'node:crypto';

/** Makes request ids: a prefix no other process has, and a count. Characters [a-z0-9-]. */
export class RequestIds {
  readonly #prefix = `${randomBytes(6).toString('hex')}-`;
  #count = 0;

  next(): string {
    this.#count += 1;
    return this.#prefix + this.#count.toString(36);
  }
}
