import { toByteString } from '../../core/byte-string.ts';
import type { HeaderLine, HeaderOperations, HeaderRules } from '../../core/snapshot.ts';
import type { HeaderOperationsConfig, HeaderRulesConfig } from '../model.ts';

export function compileHeaderRules({ request, response }: HeaderRulesConfig): HeaderRules {
  return { request: compileHeaderOperations(request), response: compileHeaderOperations(response) };
}

export function compileHeaderOperations({ set, add, remove }: HeaderOperationsConfig): HeaderOperations {
  return { set: set.map(compileLine), add: add.map(compileLine), remove };
}

function compileLine({ name, value }: { readonly name: string; readonly value: string }): HeaderLine {
  return { name, value: toByteString(value) };
}
