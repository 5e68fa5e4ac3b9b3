import httpProxy from '@fastify/http-proxy';
import fastify from 'fastify';
import { baseAddressOf, readWork } from './work.ts';

const work = readWork();
const baseAddress = baseAddressOf(work);
const app = fastify({ logger: false, keepAliveTimeout: 3_600_000, requestTimeout: 0 });
app.register(httpProxy, {
  upstream: '',
  undici: { connections: 128, pipelining: 1, keepAliveTimeout: 60_000 },
  replyOptions: { getUpstream: (request) => baseAddress(request.headers) },
});
await app.listen({ port: work.port, host: '127.0.0.1', backlog: 4096 });
