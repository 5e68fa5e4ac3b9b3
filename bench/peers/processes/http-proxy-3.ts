import { Agent, createServer } from 'node:http';
import { createProxyServer } from 'http-proxy-3';
import { baseAddressOf, readWork } from './work.ts';

const work = readWork();
const baseAddress = baseAddressOf(work);
const proxy = createProxyServer({ agent: new Agent({ keepAlive: true, maxSockets: 256 }), xfwd: true });
proxy.on('error', (error) => console.error(error.message));
const server = createServer({ keepAliveTimeout: 3_600_000 }, (request, response) => {
  proxy.web(request, response, { target: baseAddress(request.headers) });
});
server.listen({ port: work.port, host: '127.0.0.1', backlog: 4096 });
