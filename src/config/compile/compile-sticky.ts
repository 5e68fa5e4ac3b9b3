import type { StickySource } from '../../core/splitting/sticky-key.ts';
import type { StickyConfig } from '../model.ts';
import type { CompileContext } from './compile-context.ts';

/** `maxBytes`: of bodies that a key is looked for in. */
export function compileSticky(
  sticky: readonly StickyConfig[],
  maxBytes: number,
  { bodies }: CompileContext,
): readonly StickySource[] {
  return sticky.map(
    (config): StickySource =>
      config.kind === 'body' ? { kind: 'body', reader: bodies.reader(config.source), maxBytes } : config,
  );
}
