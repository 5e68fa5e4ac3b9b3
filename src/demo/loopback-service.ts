import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A demo service that answers on a loopback port of its own. */
export interface LoopbackService {
  /** `http://127.0.0.1:PORT`, without a trailing slash. */
  readonly url: string;
  /** Stops listening and cuts what is still open. */
  close(): Promise<void>;
}

/** Starts a service on a free port of 127.0.0.1. */
export function startLoopbackService(listener: RequestListener): Promise<LoopbackService> {
  const server = createServer(listener);
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      server.off('error', reject);
      const { port } = server.address() as AddressInfo;
      resolve({
        url: `http://127.0.0.1:${port}`,
        close: () =>
          new Promise((closed) => {
            server.close(() => closed());
            server.closeAllConnections();
          }),
      });
    });
  });
}
