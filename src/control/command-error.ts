/** What each refusal means to a caller: the exit code of a command and the status of an admin answer. */
export const OUTCOMES = {
  usage: { exitCode: 2, httpStatus: 400 },
  'invalid-request': { exitCode: 1, httpStatus: 400 },
  unauthorized: { exitCode: 1, httpStatus: 401 },
  forbidden: { exitCode: 1, httpStatus: 403 },
  frozen: { exitCode: 1, httpStatus: 409 },
  'revision-needed': { exitCode: 1, httpStatus: 428 },
  'revision-moved': { exitCode: 1, httpStatus: 412 },
  'not-found': { exitCode: 1, httpStatus: 404 },
  'config-refused': { exitCode: 1, httpStatus: 422 },
  'config-unreadable': { exitCode: 1, httpStatus: 422 },
  'install-refused': { exitCode: 1, httpStatus: 503 },
  'address-in-use': { exitCode: 1, httpStatus: 503 },
  'state-locked': { exitCode: 1, httpStatus: 503 },
  'state-unusable': { exitCode: 1, httpStatus: 503 },
  'not-ready': { exitCode: 1, httpStatus: 503 },
  unreachable: { exitCode: 1, httpStatus: 502 },
  internal: { exitCode: 1, httpStatus: 500 },
} as const satisfies Record<string, { readonly exitCode: number; readonly httpStatus: number }>;

export type CommandErrorCode = keyof typeof OUTCOMES;

/** A command that was refused or failed, for a person: the message is one clear sentence. */
export class CommandError extends Error {
  readonly code: CommandErrorCode;
  /** What a program can act on beyond the code. */
  readonly details: Readonly<Record<string, unknown>>;

  constructor(
    code: CommandErrorCode,
    message: string,
    options: { readonly cause?: unknown; readonly details?: Readonly<Record<string, unknown>> } = {},
  ) {
    super(message, options);
    this.name = 'CommandError';
    this.code = code;
    this.details = options.details ?? {};
  }

  get exitCode(): number {
    return OUTCOMES[this.code].exitCode;
  }

  get httpStatus(): number {
    return OUTCOMES[this.code].httpStatus;
  }
}

/** The sentence of whatever was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
