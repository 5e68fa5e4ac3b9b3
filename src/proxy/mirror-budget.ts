/** Bytes held by all copies of a worker, and by all answers that are being compared; bounded by `mirroring.bytes`. */
export class MirrorBudget {
  maxBytes = 0;
  usedBytes = 0;

  take(bytes: number): boolean {
    if (this.usedBytes + bytes > this.maxBytes) return false;
    this.usedBytes += bytes;
    return true;
  }

  /** For an answer that is to be compared. Copies come first: answers may fill no more than half of the room. */
  takeForAnswer(bytes: number): boolean {
    return this.usedBytes + bytes <= this.maxBytes / 2 && this.take(bytes);
  }

  give(bytes: number): void {
    this.usedBytes -= bytes;
  }
}
