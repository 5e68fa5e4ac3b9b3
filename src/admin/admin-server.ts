import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { Readable } from 'node:stream';
import fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import { CommandError } from '../control/command-error.ts';
import { METRICS_CONTENT_TYPE } from '../telemetry/exposition.ts';
import { type Access, createAccess } from './access.ts';
import { parseBindAddress } from './address.ts';
import { failureBody, failureOf } from './failure.ts';
import { openApiDocument } from './openapi.ts';
import { apiOperations, controlRequestOf, type Operation } from './operations.ts';
import { PAGE_CSP, renderDocument } from './page/document.ts';
import { renderOverview } from './page/overview.ts';
import type { AdminOptions, AdminTokens } from './ports.ts';

/** The operator's door: health, metrics, API and page. */
export interface AdminServer {
  /** Binds the address, or takes the open socket `fd`; rejects with a `CommandError` when it cannot be had. */
  listen(fd?: number | null): Promise<BoundAddress>;
  /** From now on lets these in. Throws a `CommandError` for what would let strangers in. */
  admit(callers: AdmittedCallers): void;
  /** Lets go of the port and of every connection, idle or not. */
  close(): Promise<void>;
}

export interface BoundAddress {
  readonly address: string;
  readonly port: number;
}

/** Who may do what. */
export interface AdmittedCallers {
  readonly tokens: AdminTokens | null;
  readonly metrics: 'token' | 'open';
}

const MAX_BODY_BYTES = 1024 * 1024;
const MAX_HEADER_BYTES = 16 * 1024;
const MAX_CONNECTIONS = 512;
const HEADERS_TIMEOUT_MS = 10_000;
const REQUEST_TIMEOUT_MS = 30_000;
const IDLE_TIMEOUT_MS = 30_000;
const TIMEOUT_CHECK_MS = 2_000;
const REQUEST_ID = /^[A-Za-z0-9._-]{1,128}$/;
const HTML = 'text/html; charset=utf-8';

const SECURITY_HEADERS = {
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'x-frame-options': 'DENY',
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cache-control': 'no-store',
  'cross-origin-resource-policy': 'same-origin',
  'cross-origin-opener-policy': 'same-origin',
} as const;

/** Throws a `CommandError` for an address that others can reach while no token guards it. */
export function createAdminServer(options: AdminOptions): AdminServer {
  let current = createAccess(options.address, options.tokens);
  const metrics = { mode: options.metricsMode };
  const access = accessThrough(() => current);
  const { host, port } = parseBindAddress(options.address);
  const app = createApp();
  guard(app, access);
  answerErrors(app, options);
  routeHealth(app, options);
  routePage(app, access, options);
  routeApi(app, access, options, metrics);
  return {
    admit: (callers) => {
      current = createAccess(options.address, callers.tokens);
      metrics.mode = callers.metrics;
    },
    listen: async (fd = null) => {
      try {
        if (fd === null) await app.listen({ host, port });
        else await listenOn(app, fd);
      } catch (error) {
        throw bindError(options.address, error);
      }
      const bound = app.server.address() as AddressInfo;
      return { address: bound.address, port: bound.port };
    },
    close: () => app.close(),
  };
}

/** Whoever asks is judged by what holds at that moment. */
function accessThrough(current: () => Access): Access {
  return {
    get hasTokens() {
      return current().hasTokens;
    },
    require: (role, fields) => current().require(role, fields),
    roleOf: (fields) => current().roleOf(fields),
    requireKnownHost: (fields) => current().requireKnownHost(fields),
    requireSameOrigin: (fields) => current().requireSameOrigin(fields),
  };
}

async function listenOn(app: FastifyInstance, fd: number): Promise<void> {
  await app.ready();
  app.server.listen({ fd });
  await once(app.server, 'listening');
}

function createApp(): FastifyInstance {
  const app = fastify({
    logger: false,
    bodyLimit: MAX_BODY_BYTES,
    forceCloseConnections: true,
    keepAliveTimeout: IDLE_TIMEOUT_MS,
    requestTimeout: REQUEST_TIMEOUT_MS,
    requestIdHeader: false,
    genReqId: requestIdOf,
    // A text is no number and a surplus field no trifle: what does not fit is refused.
    ajv: { customOptions: { coerceTypes: false, removeAdditional: false, useDefaults: false } },
    http: {
      headersTimeout: HEADERS_TIMEOUT_MS,
      maxHeaderSize: MAX_HEADER_BYTES,
      connectionsCheckingInterval: TIMEOUT_CHECK_MS,
    },
    clientErrorHandler: refuseMalformed,
    frameworkErrors: (error, request, reply) => {
      reply.headers(SECURITY_HEADERS);
      sendFailure(error, request, reply);
    },
  });
  app.server.maxConnections = MAX_CONNECTIONS;
  app.removeContentTypeParser('text/plain');
  return app;
}

/** What holds for every request, before its body is read. */
function guard(app: FastifyInstance, access: Access): void {
  app.addHook('onRequest', async (request, reply) => {
    reply.headers(SECURITY_HEADERS).header('x-request-id', request.id);
    access.requireKnownHost(request.headers);
    if (request.method === 'GET' || request.method === 'HEAD') return;
    access.requireSameOrigin(request.headers);
    if (!/^application\/json\s*(;|$)/i.test(request.headers['content-type'] ?? '')) {
      throw Object.assign(new Error('no JSON'), { statusCode: 415, code: 'FST_ERR_CTP_INVALID_MEDIA_TYPE' });
    }
  });
}

function answerErrors(app: FastifyInstance, options: AdminOptions): void {
  app.setErrorHandler((error, request, reply) => {
    if (failureOf(error).status === 500) options.onInternalError(error, request.id);
    sendFailure(error, request, reply);
  });
  app.setNotFoundHandler((request, reply) => {
    sendFailure(new CommandError('not-found', `there is no ${request.method} ${pathOf(request.url)}`), request, reply);
  });
}

function routeHealth(app: FastifyInstance, options: AdminOptions): void {
  app.get('/healthz', async () => ({ status: 'ok' }));
  app.get('/readyz', async () => {
    if (options.isReady()) return { status: 'ready' };
    throw new CommandError('not-ready', 'the gateway is starting or draining');
  });
}

/** With tokens the page itself holds nothing: what it shows is fetched with the token that its reader types in. */
function routePage(app: FastifyInstance, access: Access, options: AdminOptions): void {
  const overview = async () => {
    const [status, mirrors] = await Promise.all([options.status(), options.mirrors()]);
    return renderOverview(status, mirrors, { isReady: options.isReady(), version: options.version });
  };
  app.get('/', async (_request, reply) => {
    const content = access.hasTokens ? null : await overview();
    return reply.type(HTML).header('content-security-policy', PAGE_CSP).send(renderDocument(content));
  });
  app.get('/page/overview', async (request, reply) => {
    access.require('viewer', request.headers);
    return reply.type(HTML).send((await overview()).html);
  });
}

function routeApi(
  app: FastifyInstance,
  access: Access,
  options: AdminOptions,
  metricsAccess: { readonly mode: 'token' | 'open' },
): void {
  const viewer = async (request: FastifyRequest) => access.require('viewer', request.headers);
  const operations = apiOperations(options);
  for (const operation of operations) routeOperation(app, access, operation);
  app.get('/api/openapi.json', { onRequest: viewer }, async () =>
    openApiDocument(operations, options.version, access.hasTokens),
  );
  app.get('/metrics', async (request, reply) => {
    if (metricsAccess.mode === 'token') access.require('viewer', request.headers);
    const metrics = options.metrics();
    const content = Symbol.asyncIterator in metrics ? Readable.from(metrics, { objectMode: false }) : await metrics;
    return reply.header('content-type', METRICS_CONTENT_TYPE).send(content);
  });
}

function routeOperation(app: FastifyInstance, access: Access, { method, path, role, body, handle }: Operation): void {
  app.route({
    method,
    url: `/api/${path.replace(/\{(\w+)\}/g, ':$1')}`,
    onRequest: async (request) => access.require(role, request.headers),
    ...(body === undefined ? {} : { schema: { body } }),
    handler: async (request) =>
      handle({
        parameters: request.params as Record<string, string>,
        query: request.query as Record<string, string>,
        body: (request.body ?? {}) as Record<string, unknown>,
        control: controlRequestOf(request, access.roleOf(request.headers)),
      }),
  });
}

function sendFailure(error: unknown, request: FastifyRequest, reply: FastifyReply): void {
  const failure = failureOf(error);
  reply.code(failure.status).type('application/json; charset=utf-8');
  if (failure.status === 401) reply.header('www-authenticate', 'Bearer realm="graygate"');
  reply.send(failureBody(failure, request.id));
}

/** Answers what never became a request. */
function refuseMalformed(error: NodeJS.ErrnoException, socket: Socket): void {
  if (error.code === 'ECONNRESET' || socket.destroyed || !socket.writable) {
    socket.destroy();
    return;
  }
  const isTooLarge = error.code === 'HPE_HEADER_OVERFLOW';
  const isLate = error.code === 'ERR_HTTP_REQUEST_TIMEOUT';
  const status = isTooLarge
    ? '431 Request Header Fields Too Large'
    : isLate
      ? '408 Request Timeout'
      : '400 Bad Request';
  const code = isTooLarge ? 'headers-too-large' : isLate ? 'timeout' : 'invalid-request';
  const failure = { status: 0, code, message: 'the request is malformed, too large or too slow' };
  const body = JSON.stringify(failureBody(failure, randomUUID()));
  const head = `HTTP/1.1 ${status}\r\ncontent-type: application/json; charset=utf-8\r\ncontent-length: ${body.length}`;
  socket.end(`${head}\r\ncache-control: no-store\r\nconnection: close\r\n\r\n${body}`);
}

function requestIdOf(request: IncomingMessage): string {
  const given = request.headers['x-request-id'];
  return typeof given === 'string' && REQUEST_ID.test(given) ? given : randomUUID();
}

/** Without the query: it may hold what must not come back in a message. */
function pathOf(url: string): string {
  return url.split('?', 1)[0]!;
}

function bindError(address: string, error: unknown): unknown {
  const { code } = error as NodeJS.ErrnoException;
  if (code === 'EADDRINUSE') {
    return new CommandError('address-in-use', `the admin address ${address} is in use`, { cause: error });
  }
  if (code === 'EACCES' || code === 'EADDRNOTAVAIL' || code === 'ENOTFOUND') {
    return new CommandError('install-refused', `the admin address ${address} cannot be bound: ${code}`, {
      cause: error,
    });
  }
  return error;
}
