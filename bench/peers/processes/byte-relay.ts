import { connect, createServer, Socket } from 'node:net';
import { readWork } from './work.ts';

const work = readWork();

/** Reads into one buffer for all, and writes what came as one string: the least that Node asks for a small message. */
function onread(other: () => Socket) {
  return {
    buffer: sharedRead,
    callback: (length: number, buffer: Uint8Array) => {
      other().write((buffer as Buffer).toString('latin1', 0, length), 'latin1');
      return true;
    },
  };
}

const sharedRead = Buffer.allocUnsafe(65_536);

/** A server's sockets allocate for every read; one made from the same handle may read into a buffer that is given. */
function adopt(accepted: Socket, options: object): Socket {
  const owner = accepted as unknown as { _handle: unknown };
  const handle = owner._handle;
  owner._handle = null;
  return new Socket({ handle, ...options } as object);
}

const server = createServer({ noDelay: true, pauseOnConnect: true }, (accepted) => {
  const client: Socket = adopt(accepted, { onread: onread(() => upstream) });
  const upstream: Socket = connect({
    port: work.stablePort,
    host: '127.0.0.1',
    noDelay: true,
    onread: onread(() => client),
  });
  for (const [one, other] of [
    [client, upstream],
    [upstream, client],
  ] as const) {
    one.on('error', () => {});
    one.on('close', () => other.destroy());
  }
  client.resume();
});
server.listen({ port: work.port, host: '127.0.0.1', backlog: 4096 });
