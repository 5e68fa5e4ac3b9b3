/** A socket that was open before this process, as whoever started it tells (the protocol of systemd's sd_listen_fds). */
interface GivenSocket {
  readonly fd: number;
  /** null: it was given none. */
  readonly name: string | null;
}

const FIRST_FD = 3;
/** What systemd calls a socket that nobody named. */
const UNNAMED = new Set(['', 'unknown', 'stored', 'connection']);
const ADMIN = 'admin';

/** Listening sockets that this process was started with, and the listeners that they are for. */
export class InheritedSockets {
  readonly #given: readonly GivenSocket[];
  #fdByName = new Map<string, number>();

  private constructor(given: readonly GivenSocket[]) {
    this.#given = given;
  }

  static readonly none = new InheritedSockets([]);

  /** What the environment says, if it speaks to the process `pid`: what is meant for another is none of ours. */
  static fromEnvironment(env: Readonly<Record<string, string | undefined>>, pid: number): InheritedSockets {
    const count = Number(env['LISTEN_FDS'] ?? '0');
    if (env['LISTEN_PID'] !== `${pid}` || !Number.isSafeInteger(count) || count < 1) return InheritedSockets.none;
    const names = (env['LISTEN_FDNAMES'] ?? '').split(':');
    const given = Array.from({ length: count }, (_, at): GivenSocket => {
      const name = names[at] ?? '';
      return { fd: FIRST_FD + at, name: UNNAMED.has(name) ? null : name };
    });
    return new InheritedSockets(given);
  }

  get isEmpty(): boolean {
    return this.#given.length === 0;
  }

  /**
   * Says which listeners there are: each gets the socket of its name, and those without one the sockets that are for no
   * listener, in order. Returns the names of sockets that are for nobody.
   */
  assign(listeners: readonly string[]): readonly string[] {
    const fdByName = new Map<string, number>();
    const left: GivenSocket[] = [];
    for (const socket of this.#given) {
      const { name, fd } = socket;
      const isKnown = name !== null && (name === ADMIN || listeners.includes(name)) && !fdByName.has(name);
      if (isKnown) fdByName.set(name, fd);
      else left.push(socket);
    }
    const unserved = listeners.filter((name) => !fdByName.has(name));
    // A name that the supervisor made up (systemd takes the unit's) says nothing about the listener.
    for (const name of unserved) {
      const socket = left.shift();
      if (socket !== undefined) fdByName.set(name, socket.fd);
    }
    this.#fdByName = fdByName;
    return left.map(({ fd, name }) => name ?? `fd ${fd}`);
  }

  /** The socket of this listener, once: whoever takes it closes it. null: there is none. `admin`: the admin port's. */
  take(name: string): number | null {
    const fd = this.#fdByName.get(name) ?? null;
    this.#fdByName.delete(name);
    return fd;
  }
}
