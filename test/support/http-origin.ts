import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A service of node:http, for tests that need many requests or large bodies and no tricks on the wire. */
export class HttpOrigin implements AsyncDisposable {
  requests = 0;
  private readonly server: Server;

  constructor(handler: (request: IncomingMessage, response: ServerResponse) => void) {
    this.server = createServer({ keepAliveTimeout: 0, requestTimeout: 0 }, (request, response) => {
      this.requests++;
      handler(request, response);
    });
  }

  async listen(port = 0): Promise<this> {
    this.server.listen(port, '127.0.0.1');
    await once(this.server, 'listening');
    return this;
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** Stops listening and cuts what is open, as a process that dies does. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.server.listening) return;
    this.server.close();
    this.server.closeAllConnections();
    await once(this.server, 'close');
  }
}

export function httpOrigin(handler: (request: IncomingMessage, response: ServerResponse) => void): Promise<HttpOrigin> {
  return new HttpOrigin(handler).listen();
}

/** Answers every request with its name. */
export function namedOrigin(name: string): Promise<HttpOrigin> {
  return httpOrigin((request, response) => {
    request.resume();
    request.once('end', () => response.end(name));
  });
}
