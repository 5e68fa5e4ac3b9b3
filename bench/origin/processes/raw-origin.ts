import { createServer, type Socket } from 'node:net';
import { MessageReader } from '../../load/message-reader.ts';
import type { OriginPorts } from '../origin.ts';

// An origin on plain sockets: it reads every request to its end before it answers. Arguments: its ports, the padding of the
// small answer.
const [ports = '{}', padding = ''] = process.argv.slice(2);
const { stablePort, canaryPort, shadowPort, statusPort } = JSON.parse(ports) as OriginPorts;
const answersBySize = new Map<string, Buffer>();
let accepted = 0;

function answerTo(head: string, version: string, small: string): string | Buffer {
  const path = head.slice(head.indexOf(' ') + 1, head.indexOf(' HTTP/'));
  if (path.endsWith('/seen')) {
    const field = (name: string) => new RegExp(`\r\n${name}:[ \t]*([^\r]*)`, 'i').exec(head)?.[1] ?? '';
    return answer(version, JSON.stringify({ forwardedFor: field('x-forwarded-for'), via: field('via') }));
  }
  return path.startsWith('/bytes/') ? answerOfBytes(version, path.slice(7)) : small;
}

function answer(version: string, body: string): string {
  const head = `HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nx-version: ${version}\r\n`;
  return `${head}content-length: ${body.length}\r\n\r\n${body}`;
}

function answerOfBytes(version: string, bytes: string): Buffer {
  const key = `${version} ${bytes}`;
  const known = answersBySize.get(key) ?? Buffer.from(answer(version, 'x'.repeat(Number(bytes))), 'latin1');
  answersBySize.set(key, known);
  return known;
}

function listen(port: number, version: string): void {
  const small = answer(version, JSON.stringify({ version, padding }));
  const server = createServer({ noDelay: true }, (socket: Socket) => {
    accepted += 1;
    const reader = new MessageReader();
    socket.on('data', (bytes: Buffer) => {
      if (reader.feed(bytes, bytes.length)) socket.write(answerTo(reader.head, version, small), 'latin1');
    });
    socket.on('error', () => {});
  });
  server.listen({ port, host: '127.0.0.1', backlog: 4096 });
}

listen(stablePort, 'stable');
listen(canaryPort, 'canary');
listen(shadowPort, 'shadow');
// The words of nginx's stub_status, so that one reader serves both.
createServer((socket) => {
  const text = `server accepts handled requests\n ${accepted} ${accepted} 0 \n`;
  socket.on('error', () => {});
  socket.once('data', () => socket.end(`HTTP/1.1 200 OK\r\ncontent-length: ${text.length}\r\n\r\n${text}`));
}).listen({ port: statusPort, host: '127.0.0.1' });
