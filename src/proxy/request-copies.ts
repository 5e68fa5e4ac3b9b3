import type { Version } from '../core/snapshot.ts';
import type { AnswerTee } from './answer-tee.ts';
import type { EndpointPool } from './endpoint-pool.ts';
import type { Faults } from './faults.ts';
import type { MirrorCopy } from './mirror-copy.ts';

/**
 * The copies of one request, as its exchange has them. None leaves before the request is whole, none holds the exchange up,
 * and nothing that goes wrong with one is ever thrown from here.
 */
export class RequestCopies {
  /** Passes the primary's answer on to those who compare it; null: nobody does. */
  readonly tee: AnswerTee | null;
  readonly #copies: readonly MirrorCopy[];
  /** Versions that may yet answer in place of the one meant: a copy to one of them waits until that is known. */
  readonly #helpers: readonly Version[];
  readonly #faults: Faults;
  #haveLeft = false;

  constructor(copies: readonly MirrorCopy[], tee: AnswerTee | null, helpers: readonly Version[], faults: Faults) {
    this.#copies = copies;
    this.tee = tee;
    this.#helpers = helpers;
    this.#faults = faults;
  }

  /** More of the request's body, on its way to the primary. */
  addBody(memory: Buffer, from: number, to: number): void {
    for (const copy of this.#copies) {
      try {
        copy.addBody(memory, from, to);
      } catch (error) {
        this.#fault(copy, error);
      }
    }
  }

  /** The request is whole, and the primary has it. `primary`: the endpoint that it went to, as far as that is known. */
  leave(hasBody: boolean, primary: EndpointPool | null): void {
    if (this.#haveLeft) return;
    this.#haveLeft = true;
    for (const copy of this.#copies) {
      if (copy.isBaseline || !this.#helpers.includes(copy.plan.mirror.target)) this.#send(copy, hasBody, primary);
    }
  }

  /** The client left before its answer was whole. */
  abort(): void {
    for (const copy of this.#copies) {
      try {
        copy.drop('client-abort');
      } catch (error) {
        this.#fault(copy, error);
      }
    }
  }

  /** The exchange has ended. `answeredBy`: the version whose answer was passed on, by name; null: the gateway answered itself. */
  end(isWhole: boolean, hasBody: boolean, answeredBy: string | null): void {
    this.tee?.cut();
    if (!isWhole) {
      this.abort();
      return;
    }
    this.leave(hasBody, null);
    for (const copy of this.#copies) {
      if (!copy.isPending) continue;
      if (copy.plan.mirror.target.name === answeredBy) copy.drop('same-version');
      else this.#send(copy, hasBody, null);
    }
  }

  #send(copy: MirrorCopy, hasBody: boolean, primary: EndpointPool | null): void {
    try {
      copy.send(hasBody, primary);
    } catch (error) {
      this.#fault(copy, error);
    }
  }

  #fault(copy: MirrorCopy, error: unknown): void {
    this.#faults.report(error);
    copy.collapse();
  }
}
