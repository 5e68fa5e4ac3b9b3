import { spawnSync } from 'node:child_process';

/** First line of what a program says about its version; null when it is not installed. */
export function programVersion(command: string, flag: string): string | null {
  const { error, stdout, stderr } = spawnSync(command, [flag], { encoding: 'utf8' });
  return error === undefined ? (`${stdout}${stderr}`.trim().split('\n')[0] ?? '') : null;
}
