/** A peer that does not read is looked at so often within its longest gap, to see whether it takes a little after all. */
const LOOKS_PER_GAP = 4;

/** Tells a peer that reads slowly from one that does not read: by what is left unsent from one look to the next. */
export class SendPace {
  #unsentBytes = 0;
  #progressAtMs = 0;

  /** Something was sent and not all of it taken. Gives when to look; ms. */
  begin(unsentBytes: number, nowMs: number, gapMs: number): number {
    this.#unsentBytes = unsentBytes;
    this.#progressAtMs = nowMs;
    return nowMs + gapMs / LOOKS_PER_GAP;
  }

  /** Gives when to look again; null when nothing has been taken for the longest gap. ms. */
  look(unsentBytes: number, nowMs: number, gapMs: number): number | null {
    if (unsentBytes < this.#unsentBytes) this.#progressAtMs = nowMs;
    this.#unsentBytes = unsentBytes;
    return nowMs - this.#progressAtMs >= gapMs ? null : nowMs + gapMs / LOOKS_PER_GAP;
  }
}
