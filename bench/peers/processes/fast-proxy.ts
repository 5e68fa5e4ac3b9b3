import { createServer } from 'node:http';
import fastProxy from 'fast-proxy';
import { baseAddressOf, readWork } from './work.ts';

const work = readWork();
const baseAddress = baseAddressOf(work);
// Its undici pool belongs to one base, so each version has a proxy of its own.
const proxies = new Map(
  [work.stablePort, work.canaryPort].map((port) => {
    const base = `http://127.0.0.1:${port}`;
    return [base, fastProxy({ base, undici: { connections: 128, pipelining: 1 } })];
  }),
);
const server = createServer({ keepAliveTimeout: 3_600_000 }, (request, response) => {
  proxies.get(baseAddress(request.headers))?.proxy(request, response, request.url ?? '/', {});
});
server.listen({ port: work.port, host: '127.0.0.1', backlog: 4096 });
