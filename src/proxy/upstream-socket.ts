import net from 'node:net';

/**
 * A socket that outlives a failed write, if its owner wants it to: a server that answers early and closes resets what is
 * still being sent, while its answer lies here unread.
 */
export class UpstreamSocket extends net.Socket {
  /** Asked when a write has failed; true: the socket stays open for reading, and the owner ends it. */
  outlivesFailedWrite: () => boolean = () => false;

  override destroy(error?: Error): this {
    const isWriteError = error !== undefined && (error as NodeJS.ErrnoException).syscall === 'write';
    if (isWriteError && this.outlivesFailedWrite()) return this;
    return super.destroy(error);
  }
}
