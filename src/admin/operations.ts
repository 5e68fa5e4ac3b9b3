import type { FastifyRequest } from 'fastify';
import type { Actor } from '../control/audit.ts';
import { CommandError } from '../control/command-error.ts';
import type { Request as ControlRequest } from '../control/gateway-control.ts';
import type { Role } from './access.ts';
import { readExplainInput } from './explain-input.ts';
import type { AdminOptions } from './ports.ts';

/** A JSON Schema, as far as this API needs it. */
export type JsonSchema = Readonly<Record<string, unknown>>;

/** One operation under /api: what it takes and who may ask. Routes and the API's description are both made from these. */
export interface Operation {
  readonly method: 'GET' | 'PUT' | 'POST';
  /** With parameters as `{name}`, as OpenAPI writes them. */
  readonly path: string;
  readonly role: Role;
  readonly summary: string;
  /** `needed`: 428 without; `taken`: compared when it is there. */
  readonly ifMatch?: 'needed' | 'taken';
  readonly query?: Readonly<Record<string, JsonSchema>>;
  readonly body?: JsonSchema;
  readonly handle: (call: Call) => unknown;
}

/** A request whose body fits the schema. */
export interface Call {
  readonly parameters: Readonly<Record<string, string>>;
  readonly query: Readonly<Record<string, string>>;
  readonly body: Readonly<Record<string, unknown>>;
  /** What a command is told of its caller. */
  readonly control: ControlRequest;
}

const REASON: JsonSchema = { type: 'string', maxLength: 500, description: 'Why; kept in the audit trail.' };
const MAX_AUDIT_ENTRIES = 1000;

export function apiOperations(options: AdminOptions): readonly Operation[] {
  return [...observing(options), ...comparing(options), ...steering(options), ...configuring(options)];
}

function observing(options: AdminOptions): Operation[] {
  const get = (path: string, summary: string, handle: () => unknown): Operation => {
    return { method: 'GET', path, role: 'viewer', summary, handle };
  };
  return [
    get('status', 'What runs now: routes, shares, endpoints, switches, workers.', () => options.status()),
    get('mirrors', 'What became of every copy.', async () => ({ mirrors: await options.mirrors() })),
    get('traffic', 'The last 60 seconds by route, rule and version.', async () => ({
      traffic: await options.traffic(),
    })),
    get('decisions', 'The last few real decisions.', async () => ({ decisions: await options.decisions() })),
    {
      method: 'POST',
      path: 'explain',
      role: 'viewer',
      summary: 'Which rule and version a request would get, and why.',
      body: { type: 'object' },
      handle: ({ body }) => options.explain(readExplainInput(body, options.nowMs())),
    },
  ];
}

function comparing(options: AdminOptions): Operation[] {
  const path = 'mirrors/{route}/{version}';
  return [
    {
      method: 'GET',
      path: `${path}/differences`,
      role: 'viewer',
      summary: "What a shadow's answers differ in, most frequent first, with samples, noise and both latencies.",
      handle: ({ parameters }) => options.differences(parameters['route']!, parameters['version']!),
    },
    {
      method: 'PUT',
      path: `${path}/ignored`,
      role: 'operator',
      summary: 'The fields that are not compared, beside those that the file names.',
      ifMatch: 'needed',
      body: objectOf(
        { ignore: { type: 'array', maxItems: 200, items: { type: 'string', maxLength: 300 } }, reason: REASON },
        ['ignore'],
      ),
      handle: ({ parameters, body, control: request }) =>
        options.control.setIgnored(parameters['route']!, parameters['version']!, body['ignore'] as string[], request),
    },
    {
      method: 'POST',
      path: `${path}/forget`,
      role: 'operator',
      summary: 'Forgets what was compared so far, and begins anew.',
      body: objectOf({ reason: REASON }),
      handle: async ({ parameters }) => {
        await options.forgetDifferences(parameters['route']!, parameters['version']!);
        return {};
      },
    },
  ];
}

function steering({ control }: AdminOptions): Operation[] {
  return [
    {
      method: 'PUT',
      path: 'routes/{route}/weights',
      role: 'operator',
      summary: "Sets a route's live weights; adopt: records those in force as a revision; reset: back to the file's.",
      ifMatch: 'needed',
      body: objectOf({
        split: { type: 'object', minProperties: 1, additionalProperties: { type: 'number', minimum: 0 } },
        adopt: { const: true },
        reset: { const: true },
        reason: REASON,
      }),
      handle: ({ parameters, body, control: request }) => {
        const route = parameters['route']!;
        const given = ['split', 'adopt', 'reset'].filter((name) => body[name] !== undefined);
        if (given.length !== 1) throw refused('give exactly one of split, adopt and reset');
        if (given[0] === 'adopt') return control.adoptWeights(route, request);
        if (given[0] === 'reset') return control.resetWeights(route, request);
        return control.setWeights(route, body['split'] as Record<string, number>, request);
      },
    },
    {
      method: 'PUT',
      path: 'switches/{name}',
      role: 'operator',
      summary: 'Flips a switch.',
      ifMatch: 'needed',
      body: objectOf({ on: { type: 'boolean' }, reason: REASON }, ['on']),
      handle: ({ parameters, body, control: request }) =>
        control.setSwitch(parameters['name']!, body['on'] === true, request),
    },
    {
      method: 'POST',
      path: 'freeze',
      role: 'operator',
      summary: 'While it is on, no share is raised by hand or by a release.',
      ifMatch: 'taken',
      body: objectOf({ on: { type: 'boolean' }, reason: REASON }, ['on']),
      handle: ({ body, control: request }) => control.setFreeze(body['on'] === true, request),
    },
    ...(['drain', 'ready'] as const).map(
      (action): Operation => ({
        method: 'POST',
        path: `endpoints/${action}`,
        role: 'operator',
        summary:
          action === 'drain'
            ? 'Sends no new request to an endpoint (its URL as written) or a version (service/version).'
            : 'Sends requests there again.',
        body: objectOf({ url: { type: 'string', minLength: 1 }, reason: REASON }, ['url']),
        handle: ({ body, control: request }) => control.setDrained(body['url'] as string, action === 'drain', request),
      }),
    ),
  ];
}

function configuring({ control, restartWorkers }: AdminOptions): Operation[] {
  const file = objectOf({ path: { type: 'string' }, text: { type: 'string' } }, ['text']);
  return [
    {
      method: 'GET',
      path: 'config',
      role: 'viewer',
      summary: 'The configuration in force, as it was written.',
      handle: () => control.configuration(),
    },
    {
      method: 'GET',
      path: 'config/history',
      role: 'viewer',
      summary: 'The accepted configurations, newest first.',
      handle: async () => ({ revisions: await control.history() }),
    },
    {
      method: 'POST',
      path: 'config/check',
      role: 'operator',
      summary: 'Validates a configuration as check does; changes nothing.',
      body: objectOf({ text: { type: 'string' }, files: { type: 'array', minItems: 1, items: file } }),
      handle: ({ body }) => control.check(filesOf(body)),
    },
    {
      method: 'POST',
      path: 'config/rollback',
      role: 'operator',
      summary: 'Puts an accepted configuration back in force, until the file changes.',
      ifMatch: 'taken',
      body: objectOf({ revision: { type: 'integer', minimum: 1 }, reason: REASON }, ['revision']),
      handle: ({ body, control: request }) => control.rollback(body['revision'] as number, request),
    },
    {
      method: 'GET',
      path: 'audit',
      role: 'viewer',
      summary: 'Every change, newest first: when, who, what, from, to, reason.',
      query: { limit: { type: 'integer', minimum: 1, maximum: MAX_AUDIT_ENTRIES, default: 100 } },
      handle: async ({ query }) => ({ entries: await control.audit(limitOf(query['limit'])) }),
    },
    {
      method: 'POST',
      path: 'workers/restart',
      role: 'operator',
      summary: 'Replaces every worker, one after another, without losing a request.',
      body: objectOf({ reason: REASON }),
      handle: async () => {
        await restartWorkers();
        return {};
      },
    },
  ];
}

/** What a caller is told of itself: the token's name, the door it came by, the reason it gave. */
export function controlRequestOf(request: FastifyRequest, role: Role | null): ControlRequest {
  const body = (request.body ?? {}) as { reason?: unknown };
  const ifMatch = request.headers['if-match'] ?? null;
  return {
    actor: { who: role ?? 'local', via: viaOf(request.headers['x-graygate-client']) },
    reason: typeof body.reason === 'string' ? body.reason : '',
    ifMatch,
  };
}

function viaOf(client: unknown): Actor['via'] {
  return client === 'cli' || client === 'page' ? client : 'api';
}

function objectOf(properties: Readonly<Record<string, JsonSchema>>, required: readonly string[] = []): JsonSchema {
  return { type: 'object', properties, required, additionalProperties: false };
}

function filesOf(body: Readonly<Record<string, unknown>>): { path: string; text: string }[] {
  const files = body['files'] as { path?: string; text: string }[] | undefined;
  const text = body['text'] as string | undefined;
  if ((files === undefined) === (text === undefined)) throw refused('give either text or files');
  const given: { path?: string; text: string }[] = files ?? [{ text: text! }];
  return given.map((one, at) => ({ path: one.path ?? `file-${at + 1}.yaml`, text: one.text }));
}

function limitOf(text: string | undefined): number {
  const limit = Number(text ?? '100');
  if (Number.isInteger(limit) && limit >= 1 && limit <= MAX_AUDIT_ENTRIES) return limit;
  throw refused(`limit must be a whole number from 1 to ${MAX_AUDIT_ENTRIES}`);
}

function refused(message: string): CommandError {
  return new CommandError('invalid-request', message);
}
