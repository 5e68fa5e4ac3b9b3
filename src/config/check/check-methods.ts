import type { SourcePath } from '../source/source-node.ts';
import type { CheckContext } from './check-context.ts';

const COMMON_METHODS: ReadonlySet<string> = new Set([
  'GET',
  'HEAD',
  'POST',
  'PUT',
  'PATCH',
  'DELETE',
  'OPTIONS',
  'CONNECT',
  'TRACE',
]);

/** The method that was probably meant; null when this one is fine. RFC 9110, 9.1: methods are case-sensitive. */
export function commonSpelling(method: string): string | null {
  const upper = method.toUpperCase();
  return method !== upper && COMMON_METHODS.has(upper) ? upper : null;
}

export function methodCaseMessage(method: string): string {
  return `the method ${method} is not ${method.toUpperCase()}: methods are case-sensitive`;
}

export function checkMethodCase(context: CheckContext, path: SourcePath, methods: readonly string[]): void {
  for (const [at, method] of methods.entries()) {
    const common = commonSpelling(method);
    if (common !== null) context.warning('method-case', [...path, at], methodCaseMessage(method), `write ${common}`);
  }
}
