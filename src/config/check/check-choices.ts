import type { RouteConfig, StickyConfig } from '../model.ts';
import type { SourcePath } from '../source/source-node.ts';
import type { CheckContext } from './check-context.ts';

/** Words of an override; as names of versions they could not be asked for. */
const OVERRIDE_WORDS: ReadonlySet<string> = new Set(['always', 'never']);

/** Warns of whatever lets a client choose its own version. */
export function checkChoices(context: CheckContext, route: RouteConfig, path: SourcePath): void {
  checkSticky(context, route.sticky, [...path, 'sticky']);
  checkOverride(context, route, [...path, 'override']);
}

function checkSticky(context: CheckContext, sticky: readonly StickyConfig[], path: SourcePath): void {
  let hasVisitor = false;
  for (const [at, source] of sticky.entries()) {
    const place = [...path, at];
    if (hasVisitor)
      context.warning(
        'after-visitor-cookie',
        place,
        'nothing after visitorCookie is ever used',
        'put visitorCookie last',
      );
    else if (isChoosable(source)) {
      const message = `any client can choose the ${source.kind} ${source.name}, and so its version`;
      context.warning(
        'choosable-sticky-key',
        place,
        message,
        'fine where something in front sets it; else use clientAddress or visitorCookie',
      );
    }
    if (source.kind === 'visitor-cookie') hasVisitor = true;
  }
}

function isChoosable(source: StickyConfig): source is Exclude<StickyConfig, { kind: 'client-address' | 'body' }> {
  return source.kind === 'header' || source.kind === 'cookie' || source.kind === 'query';
}

function checkOverride(context: CheckContext, route: RouteConfig, path: SourcePath): void {
  if (route.override === null) return;
  if (route.override.from === null) {
    context.warning('open-override', path, 'everybody may choose a version', 'add from: with the networks that may');
  }
  for (const { name } of context.services.get(route.service)?.versions ?? []) {
    if (!OVERRIDE_WORDS.has(name)) continue;
    context.warning(
      'override-reserved-version',
      path,
      `version ${name} cannot be asked for: ${name} is a word of its own here`,
    );
  }
}
