import { aesCbc } from '../../src/adapters/aes-cbc.ts';
import { placeDatabases } from '../../src/adapters/places.ts';
import { re2 } from '../../src/adapters/re2.ts';
import type { CompilePorts } from '../../src/config/compile.ts';

/** What conditions need from outside, as the gateway has it. Nothing is opened before a condition asks. */
export const conditionPorts: CompilePorts & { readonly places: ReturnType<typeof placeDatabases> } = {
  regex: re2,
  aes: aesCbc,
  places: placeDatabases(process.cwd()),
};
