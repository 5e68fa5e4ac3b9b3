import { createServer } from 'node:net';

// Takes connections and everything that comes over them, and never answers. Argument: the port.
createServer((socket) => {
  socket.on('error', () => {});
  socket.resume();
}).listen({ port: Number(process.argv[2]), host: '127.0.0.1', backlog: 4096 });
