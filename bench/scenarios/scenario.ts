/** One kind of traffic, the same for every peer: what is asked, who asks, and which version ought to answer. */
export interface Scenario {
  readonly name: string;
  readonly about: string;
  readonly path: string;
  /** Sent with every request. */
  readonly headers: Readonly<Record<string, string>>;
  /** The header whose hash decides between stable and canary. */
  readonly userHeader: string;
  readonly users: readonly string[];
  /** A request with this header belongs to the canary, whoever sends it. */
  readonly rule: { readonly header: string; readonly value: string };
  /** Every so-manieth request of the load carries the rule's header. */
  readonly ruleEvery: number;
  readonly canaryPercent: number;
  readonly connections: number;
}
