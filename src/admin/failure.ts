import type { FastifyError } from 'fastify';
import { CommandError } from '../control/command-error.ts';

/** What a caller learns of an error. */
export interface Failure {
  readonly status: number;
  readonly code: string;
  readonly message: string;
  /** What a program can act on beyond the code. */
  readonly details?: Readonly<Record<string, unknown>>;
}

const INTERNAL: Failure = {
  status: 500,
  code: 'internal',
  message: 'something failed within the gateway; its log says more',
};

/** What Fastify refuses before a handler runs, in this API's words. */
export const REFUSALS: Readonly<Record<string, Omit<Failure, 'status'>>> = {
  FST_ERR_CTP_BODY_TOO_LARGE: { code: 'body-too-large', message: 'the body is larger than 1 MiB' },
  FST_ERR_CTP_INVALID_MEDIA_TYPE: { code: 'not-json', message: 'the body must be application/json' },
  FST_ERR_CTP_EMPTY_JSON_BODY: { code: 'invalid-request', message: 'the body is empty' },
  FST_ERR_CTP_INVALID_JSON_BODY: { code: 'invalid-request', message: 'the body is no valid JSON' },
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: { code: 'invalid-request', message: 'the body is not as long as announced' },
};

/** Tells a caller no more than what is theirs to know: the sentence of a refusal, nothing of a fault of our own. */
export function failureOf(error: unknown): Failure {
  if (error instanceof CommandError && error.code !== 'internal') {
    return { status: error.httpStatus, code: error.code, message: error.message, details: error.details };
  }
  const { code, statusCode, message } = (error ?? {}) as Partial<FastifyError>;
  if (code === 'FST_ERR_VALIDATION') return { status: 400, code: 'invalid-request', message: message ?? '' };
  if (typeof statusCode !== 'number' || statusCode < 400 || statusCode >= 500) return INTERNAL;
  const known = REFUSALS[code ?? ''] ?? { code: 'invalid-request', message: 'the request is malformed' };
  return { status: statusCode, ...known };
}

export function failureBody({ code, message, details }: Failure, requestId: string): object {
  return { error: { code, message, requestId, ...details } };
}
