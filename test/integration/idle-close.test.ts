import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { describe, expect, it } from 'vitest';
import { configText, startGateway } from '../support/gateway.ts';
import { get, load, post, tally } from '../support/load.ts';

/** An upstream that closes kept connections after a few ms of idleness, just when the next request may be on its way. */
class HastyOrigin implements AsyncDisposable {
  connections = 0;
  private readonly open = new Set<Socket>();
  private readonly server = createServer((socket) => this.serve(socket));

  async listen(): Promise<this> {
    this.server.listen(0, '127.0.0.1');
    await once(this.server, 'listening');
    return this;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  /** Requests of one piece each. From 1 to 20 ms, another time on each connection: every place of the race is met. */
  private serve(socket: Socket): void {
    const idleMs = 1 + (this.connections++ % 20);
    let timer: NodeJS.Timeout | undefined;
    this.open.add(socket);
    socket.setNoDelay(true);
    socket.on('data', () => {
      clearTimeout(timer);
      socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok');
      timer = setTimeout(() => socket.destroy(), idleMs);
    });
    socket.on('error', () => {});
    socket.on('close', () => {
      clearTimeout(timer);
      this.open.delete(socket);
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.open) socket.destroy();
    this.server.close();
    await once(this.server, 'close');
  }
}

const plan = { connections: 40, pause: (place: number) => (place * 7) % 22 };

describe('an upstream that closes after 1 to 20 ms of idleness', () => {
  it('costs no GET anything', async () => {
    await using origin = await new HastyOrigin().listen();
    await using gateway = await startGateway(configText({ versions: { v1: origin.url } }));
    const answers = await load({ ...plan, port: gateway.port(), requests: 10_000, request: () => get('/') });
    expect(tally(answers.map(({ status }) => String(status)))).toEqual({ 200: 10_000 });
    // There was a race to win: connections were closed again and again under the gateway's hands.
    expect(origin.connections).toBeGreaterThan(2 * plan.connections);
  }, 60_000);

  it('costs a POST something only where it was sent on a connection that was closing', async () => {
    await using origin = await new HastyOrigin().listen();
    await using gateway = await startGateway(configText({ versions: { v1: origin.url } }));
    const answers = await load({ ...plan, port: gateway.port(), requests: 2_000, request: () => post('/', 'hi') });
    const failed = answers.filter(({ status }) => status !== 200);
    expect(failed.filter(({ status }) => status !== 502)).toEqual([]);
    expect(failed.length).toBeLessThan(200);
  }, 60_000);
});
