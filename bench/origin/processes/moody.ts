import { createServer, type Socket } from 'node:net';
import { MessageReader } from '../../load/message-reader.ts';

// A shadow that answers like the origin until it is told (SIGUSR2) to take everything and never answer again. Argument: the port.
const BODY = JSON.stringify({ version: 'shadow', padding: 'x'.repeat(200) });
const ANSWER = `HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nx-version: shadow\r\ncontent-length: ${BODY.length}\r\n\r\n${BODY}`;
let isSilent = false;
process.on('SIGUSR2', () => {
  isSilent = true;
});

createServer({ noDelay: true }, (socket: Socket) => {
  const reader = new MessageReader();
  socket.on('error', () => {});
  socket.on('data', (bytes: Buffer) => {
    if (reader.feed(bytes, bytes.length) && !isSilent) socket.write(ANSWER, 'latin1');
  });
}).listen({ port: Number(process.argv[2]), host: '127.0.0.1', backlog: 4096 });
