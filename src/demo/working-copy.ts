import { rmSync } from 'node:fs';
import { mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The demo's configuration, in a directory that lives as long as the demo. */
export interface WorkingCopy {
  /** The file to edit. */
  readonly file: string;
  /** Takes the directory away, and whatever the gateway put beside the file. */
  remove(): void;
}

const DEMO_FILE = fileURLToPath(new URL('../../config/demo.yaml', import.meta.url));

/**
 * Copies config/demo.yaml to a new temporary directory, with each address replaced by the one to use instead. Replacing text
 * keeps the file's comments and order, which is what somebody who edits it wants to see.
 */
export async function writeWorkingCopy(addresses: ReadonlyMap<string, string>): Promise<WorkingCopy> {
  const text = replaceAddresses(await readFile(DEMO_FILE, 'utf8'), addresses);
  const directory = await mkdtemp(join(tmpdir(), 'graygate-demo-'));
  const remove = () => {
    process.off('exit', remove);
    rmSync(directory, { recursive: true, force: true });
  };
  // Also on an exit that nobody prepared, such as a second Ctrl-C.
  process.on('exit', remove);
  const file = join(directory, 'demo.yaml');
  await writeFile(file, text);
  return { file, remove };
}

/** Every address must be there: one that is missing means that the file and the demo no longer fit together. */
export function replaceAddresses(text: string, addresses: ReadonlyMap<string, string>): string {
  const found = new Set<string>();
  const replaced = text.replace(/\b127\.0\.0\.1:\d+/g, (address) => {
    found.add(address);
    return addresses.get(address) ?? address;
  });
  const missing = [...addresses.keys()].filter((address) => !found.has(address));
  if (missing.length > 0) throw new Error(`config/demo.yaml does not name ${missing.join(', ')}`);
  return replaced;
}
