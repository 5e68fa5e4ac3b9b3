import { z } from 'zod';
import type { AccessLogConfig, AdminConfig, ListenerConfig } from '../model.ts';
import { NOT_SUPPORTED_YET } from '../not-supported-yet.ts';
import { name } from './names.ts';
import { cidr, socketAddress } from './networks.ts';
import { durationMs, filledText, flag, oneWord, percent, sizeBytes, wholeNumber } from './scalars.ts';
import { section } from './shape.ts';

const limits = section('limits', {
  headerBytes: sizeBytes().prefault('32KiB').describe('One request head, request line included.'),
  headerCount: wholeNumber(1).prefault('100').describe('Header lines of one request.'),
  targetBytes: sizeBytes().prefault('16KiB').describe('The request target.'),
  bodyBytes: sizeBytes(0).prefault('1GiB').describe('The request body.'),
  connections: wholeNumber(1).prefault('20000').describe('Open connections, over the whole gateway.'),
  connectionsPerClient: wholeNumber(1).prefault('1000').describe('Open connections of one client address.'),
});

const timeouts = section('timeouts', {
  header: durationMs().prefault('10s').describe('Until a request head is complete.'),
  body: durationMs().prefault('30s').describe('The longest gap while a body comes in.'),
  idle: durationMs().prefault('75s').describe('Between two requests of a connection.'),
  send: durationMs().prefault('30s').describe('The longest gap while a response goes out.'),
}).transform(({ header, body, idle, send }) => ({ headerMs: header, bodyMs: body, idleMs: idle, sendMs: send }));

const pathPolicy = section('path', {
  dotSegments: oneWord(['reject', 'resolve', 'keep']).prefault('reject').describe('What becomes of /./ and /../.'),
  encodedSlash: oneWord(['keep', 'reject']).prefault('keep').describe('What becomes of %2F in a path.'),
  mergeSlashes: flag.prefault('false').describe('Whether // becomes /.'),
});

const listener = section(
  'a listener',
  {
    name: name.describe('Shown by status and in the `listening` line.'),
    address: socketAddress.describe('HOST:PORT to listen on.'),
    trustedProxies: z.array(cidr).prefault([]).describe('Networks whose X-Forwarded-* and Forwarded are believed.'),
    proxyProtocol: flag.prefault('false').describe('Read PROXY v1 or v2 from trusted proxies.'),
    limits: limits.prefault({}).describe('What one request, client or listener may use.'),
    timeouts: timeouts.prefault({}).describe('How long a client may take.'),
    path: pathPolicy.prefault({}).describe('How paths are treated before anything is matched.'),
    underscores: oneWord(['drop', 'keep', 'reject']).prefault('drop').describe('Header names with _ in them.'),
  },
  NOT_SUPPORTED_YET.listener,
);

export const listeners = z.array(listener.transform((given): ListenerConfig => given));

const tokens = section('tokens', {
  viewer: filledText.optional().describe('May look.'),
  operator: filledText.optional().describe('May look and change.'),
}).transform(({ viewer, operator }): AdminConfig['tokens'] =>
  viewer === undefined && operator === undefined ? null : { viewer: viewer ?? null, operator: operator ?? null },
);

export const admin = section('admin', {
  address: socketAddress
    .prefault('127.0.0.1:9900')
    .describe('Where the admin port listens; beyond loopback only with tokens.'),
  tokens: tokens.optional().describe('Bearer tokens by role.'),
  metrics: oneWord(['token', 'open']).prefault('token').describe('Whether /metrics needs a token.'),
}).transform(({ address, tokens, metrics }): AdminConfig => ({ address, tokens: tokens ?? null, metrics }));

const sample = section('only', { sample: percent.describe('This part of the requests.') });

export const accessLog = section('accessLog', {
  to: filledText.prefault('stdout').describe('stdout, or a file.'),
  only: z
    .union([oneWord(['all', 'errors']), sample.transform((given) => ({ samplePercent: given.sample }))])
    .prefault('all')
    .describe('Which requests are logged.'),
}).transform((given): AccessLogConfig => given);
