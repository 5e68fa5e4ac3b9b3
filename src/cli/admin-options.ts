/** The options of every command that talks to a running gateway. */
export const ADMIN_OPTIONS = {
  admin: { type: 'string' },
  token: { type: 'string' },
  json: { type: 'boolean' },
} as const;

export const ADMIN_USAGE = '[--admin URL] [--token TOKEN] [--json]';
