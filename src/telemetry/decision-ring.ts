/**
 * One real decision, in the words of `POST /api/explain`: posted there as it is, it is decided again. Texts are what their
 * UTF-8 bytes say. Plain data, the same over a process boundary.
 */
export interface DecisionRecord {
  /** The request's id, as in the access log and in what the upstream got. */
  readonly id: string;
  /** When the request began, ISO 8601. */
  readonly time: string;
  readonly listener: string;
  /** The peer was one of the listener's trusted proxies. */
  readonly trusted: boolean;
  readonly clientAddress: string;
  readonly method: string;
  readonly host: string;
  readonly path: string;
  readonly query: string;
  /** What stood in the request line, as forwarded. */
  readonly url: string;
  /** Host, and those fields that any decision looks at; of Cookie only the cookies that one looks at. */
  readonly headers: Readonly<Record<string, string | readonly string[]>>;
  /** What the decision may have looked at and is not kept: names of header fields, `cookie NAME`, `query NAME`, `body`. */
  readonly withheld: readonly string[];
  /** The random draw that the decision used; null: none. */
  readonly draw: number | null;
  /** The visitor id that was minted for this request; null: none. */
  readonly visitorId: string | null;
  readonly route: string | null;
  readonly rule: string | null;
  /** The version that answered; null: none did. */
  readonly version: string | null;
  readonly intended: string | null;
  readonly reason: string;
  readonly status: number;
}

/** How many a worker keeps until it reports them. */
const WAITING_KEPT = 50;
/** How many of all workers are kept. */
const DECISIONS_KEPT = 200;
/** At most ten a second of each worker are looked at, so that it costs nothing that could be measured. */
const SPACING_MS = 100;

/** The last few decisions of a worker, thinned out on the way in. */
export class DecisionRing {
  /** From when on, by the clock of `performance.now()`, the next one is wanted. Compared once a request. */
  dueAtMs = 0;
  /** Names of the cookies that a decision may look at; of others nothing is kept. */
  cookies: ReadonlySet<string> = new Set();
  readonly #fresh: DecisionRecord[] = [];

  add(decision: DecisionRecord, nowMs: number): void {
    this.dueAtMs = nowMs + SPACING_MS;
    if (this.#fresh.length === WAITING_KEPT) this.#fresh.shift();
    this.#fresh.push(decision);
  }

  /** Those that came since the last call, oldest first. */
  take(): readonly DecisionRecord[] {
    return this.#fresh.splice(0);
  }
}

/** The last decisions of all workers, as they report them. */
export class RecentDecisions {
  readonly #kept: DecisionRecord[] = [];

  add(decisions: readonly DecisionRecord[]): void {
    this.#kept.push(...decisions);
    const surplus = this.#kept.length - DECISIONS_KEPT;
    if (surplus > 0) this.#kept.splice(0, surplus);
  }

  /** Newest first. */
  list(): readonly DecisionRecord[] {
    return this.#kept.toSorted((one, other) => (one.time < other.time ? 1 : -1));
  }
}
