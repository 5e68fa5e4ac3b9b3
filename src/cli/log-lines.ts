import type { Log } from '../control/log.ts';
import type { Terminal } from './command.ts';

/** What a gateway tells its operator, on stderr: time, level, text; further lines of a text are indented. */
export function logTo(terminal: Terminal): Log {
  return (level, text) => terminal.err(`${new Date().toISOString()} ${level} ${text.replaceAll('\n', '\n  ')}\n`);
}
