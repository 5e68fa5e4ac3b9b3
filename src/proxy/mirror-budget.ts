/** Bytes held by all copies of a worker, and by all answers that are being compared; bounded by `mirroring.bytes`. */
export class MirrorBudget {
  maxBytes = 0;
  usedBytes = 0;

  take(bytes: number): boolean {
    if (this.usedBytes + bytes > this.maxBytes) return false;
    this.usedBytes += bytes;
    return true;
  }

  give(bytes: number): void {
    this.usedBytes -= bytes;
  }
}
