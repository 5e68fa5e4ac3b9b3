import { z } from 'zod';
import type { PoolSettings } from '../../core/snapshot.ts';
import type { ServiceConfig, VersionConfig } from '../model.ts';
import { NOT_SUPPORTED_YET, VALUES_NOT_SUPPORTED_YET } from '../not-supported-yet.ts';
import { refusedName, refusedVersionName } from './names.ts';
import { endpointUrl } from './networks.ts';
import { problem } from './problem.ts';
import { durationMs, oneWord, percent, scalar, weight, wholeNumber } from './scalars.ts';
import { listOf, mapOf, refuse, section } from './shape.ts';
import { balance } from './sticky.ts';

const endpointMap = section('an endpoint', {
  url: endpointUrl.describe('http://HOST:PORT or unix:/PATH'),
  weight: weight.prefault('1').describe('Its share among the endpoints of the version.'),
});

const endpoint = z.union([endpointUrl.transform((url) => ({ url, weight: 1 })), endpointMap]);

const version = section('a version', {
  endpoints: listOf(endpoint).describe(
    'Where this version runs. Names are resolved again and again, every address is an endpoint.',
  ),
});

const versions = mapOf(version, refusedVersionName).transform((given, context): VersionConfig[] => {
  if (given.length === 0) refuse(context, problem('empty-list', 'the service has no version'));
  return given.map(({ name, value }) => ({ name, endpoints: value.endpoints }));
});

const pool = section('pool', {
  maxConnections: wholeNumber(1).prefault('256').describe('Connections to one version, over the whole gateway.'),
  maxPending: wholeNumber(0).prefault('1024').describe('Requests that may wait for a connection.'),
  pendingTimeout: durationMs().prefault('1s').describe('How long one may wait.'),
  connectTimeout: durationMs().prefault('2s').describe('How long connecting may take.'),
  firstByte: durationMs().prefault('30s').describe('How long the first byte of a response may take.'),
  idleTimeout: durationMs().prefault('30s').describe('How long an unused connection is kept.'),
}).transform(
  (given): PoolSettings => ({
    maxConnections: given.maxConnections,
    maxPending: given.maxPending,
    pendingTimeoutMs: given.pendingTimeout,
    connectTimeoutMs: given.connectTimeout,
    firstByteMs: given.firstByte,
    idleTimeoutMs: given.idleTimeout,
  }),
);

const checkedPath = scalar({ type: 'string', pattern: '^/' }, (written) =>
  /^\/[!-~]*$/.test(written)
    ? { value: written }
    : { refused: problem('bad-path', `"${written}" is not a path to ask for`) },
);

const healthCheck = section('healthCheck', {
  path: checkedPath.prefault('/healthz').describe('Asked for with GET; 200 to 399 is healthy.'),
  interval: durationMs().prefault('5s').describe('Between two checks of an endpoint.'),
  timeout: durationMs().prefault('1s').describe('How long a check may take.'),
  unhealthyAfter: wholeNumber(1).prefault('3').describe('Failures in a row until the endpoint is left out.'),
  healthyAfter: wholeNumber(1).prefault('2').describe('Successes in a row until it is used again.'),
}).transform(({ path, interval, timeout, unhealthyAfter, healthyAfter }) => ({
  path,
  intervalMs: interval,
  timeoutMs: timeout,
  unhealthyAfter,
  healthyAfter,
}));

const outlierDetection = section('outlierDetection', {
  consecutiveFailures: wholeNumber(1)
    .prefault('5')
    .describe('Failures in a row until the endpoint is ejected: no connection, no response, or 5xx but 501 and 505.'),
  ejectFor: durationMs().prefault('30s').describe('How long it is left out.'),
  maxEjectedPercent: percent
    .prefault('50')
    .describe('At most this part of a version is ejected. Where a fallback is usable all of it may be.'),
}).transform(({ consecutiveFailures, ejectFor, maxEjectedPercent }) => ({
  consecutiveFailures,
  ejectForMs: ejectFor,
  maxEjectedPercent,
}));

const protocol = oneWord(['http1', 'h2']).transform((word, context) => {
  const later: readonly string[] = VALUES_NOT_SUPPORTED_YET.protocol;
  if (later.includes(word))
    refuse(context, problem('not-supported-yet', `protocol ${word} is not supported by this version yet`));
  return word;
});

const service = section(
  'a service',
  {
    protocol: protocol.prefault('http1').describe('What the service speaks.'),
    versions: versions.describe('Version name: where it runs.'),
    balance: balance.prefault('least-request').describe('How requests are spread over the endpoints of a version.'),
    pool: pool.prefault({}).describe('Connections to each version.'),
    healthCheck: healthCheck.optional().describe('Ask every endpoint whether it is well. Off unless written.'),
    outlierDetection: outlierDetection.optional().describe('Leave out endpoints that fail. Off unless written.'),
  },
  NOT_SUPPORTED_YET.service,
);

export const services = mapOf(service, refusedName).transform((given): ServiceConfig[] =>
  given.map(({ name, value }) => ({
    name,
    protocol: value.protocol,
    versions: value.versions,
    balance: value.balance,
    pool: value.pool,
    healthCheck: value.healthCheck ?? null,
    outlierDetection: value.outlierDetection ?? null,
  })),
);
