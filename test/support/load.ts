import { once } from 'node:events';
import { connect } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';

export interface LoadAnswer {
  /** 0: the connection ended before an answer was whole. */
  readonly status: number;
  readonly head: string;
  readonly body: string;
}

export interface LoadPlan {
  readonly port: number;
  readonly requests: number;
  readonly connections?: number;
  /** The whole request number `place`, latin1. */
  readonly request: (place: number) => string;
  /** How long to rest before request number `place`, ms; not at all by default. */
  readonly pause?: (place: number) => number;
}

/** A GET of `target` with further lines. */
export function get(target: string, lines: readonly string[] = []): string {
  return `${[`GET ${target} HTTP/1.1`, 'Host: gateway.test', ...lines].join('\r\n')}\r\n\r\n`;
}

/** A POST of `body` with further lines. */
export function post(target: string, body: string, lines: readonly string[] = []): string {
  const head = [`POST ${target} HTTP/1.1`, 'Host: gateway.test', `Content-Length: ${body.length}`, ...lines];
  return `${head.join('\r\n')}\r\n\r\n${body}`;
}

/** Sends the requests over keep-alive connections, one at a time on each; answers in the order of the requests. */
export async function load({ port, requests, connections = 8, request, pause }: LoadPlan): Promise<LoadAnswer[]> {
  const answers: LoadAnswer[] = new Array(requests);
  let next = 0;
  const lane = async (): Promise<void> => {
    while (next < requests) {
      await using connection = await LoadConnection.open(port);
      while (next < requests && connection.isUsable) {
        const place = next++;
        if (pause !== undefined) await delay(pause(place));
        answers[place] = await connection.exchange(request(place));
      }
    }
  };
  await Promise.all(Array.from({ length: connections }, lane));
  return answers;
}

/** How often each value occurs. */
export function tally(values: readonly string[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const value of values) counts[value] = (counts[value] ?? 0) + 1;
  return counts;
}

const NO_ANSWER: LoadAnswer = { status: 0, head: '', body: '' };

/** A minimal keep-alive client: answers of a declared length only, which is all that these tests ask for. */
class LoadConnection implements AsyncDisposable {
  isUsable = true;
  private received = '';
  private deliver: ((answer: LoadAnswer) => void) | null = null;
  private readonly socket;

  private constructor(socket: ReturnType<typeof connect>) {
    this.socket = socket;
    socket.setEncoding('latin1');
    socket.on('data', (text: string) => {
      this.received += text;
      this.advance();
    });
    socket.on('error', () => {});
    socket.on('close', () => {
      this.isUsable = false;
      this.settle(NO_ANSWER);
    });
  }

  static async open(port: number): Promise<LoadConnection> {
    const socket = connect({ port, host: '127.0.0.1', noDelay: true });
    await once(socket, 'connect');
    return new LoadConnection(socket);
  }

  exchange(text: string): Promise<LoadAnswer> {
    return new Promise((resolve) => {
      this.deliver = resolve;
      this.socket.write(text, 'latin1');
      if (!this.isUsable) this.settle(NO_ANSWER);
    });
  }

  private advance(): void {
    const end = this.received.indexOf('\r\n\r\n');
    if (end < 0) return;
    const head = this.received.slice(0, end);
    const length = Number(/\r\ncontent-length: *(\d+)/i.exec(head)?.[1] ?? 0);
    if (this.received.length < end + 4 + length) return;
    const body = this.received.slice(end + 4, end + 4 + length);
    this.received = this.received.slice(end + 4 + length);
    if (/\r\nconnection: *close/i.test(head)) this.isUsable = false;
    this.settle({ status: Number(head.slice(9, 12)), head, body });
  }

  private settle(answer: LoadAnswer): void {
    this.deliver?.(answer);
    this.deliver = null;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.socket.closed) return;
    this.socket.destroy();
    await once(this.socket, 'close');
  }
}
