import type { CompareConfig, Config, LiveState, MirrorConfig, RouteConfig } from '../config/model.ts';
import { parseFieldPattern } from '../core/comparing/field-name.ts';
import { IgnoredFields } from '../core/comparing/ignored-fields.ts';
import { CommandError } from './command-error.ts';

/** A mirror that compares, of a route or of rules of it: what is compared is one thing, whichever rule sends the copies. */
export interface ComparedMirror {
  /** How it is named among the things that can be steered. */
  readonly object: string;
  readonly route: string;
  readonly mirror: string;
  /** In the file, or with what was added at run time, as the configuration asked has it. */
  readonly ignore: readonly string[];
  readonly headers: readonly string[] | null;
  readonly baseline: string | null;
}

type Ignored = NonNullable<LiveState['ignored']>;

const MAX_FIELDS = 200;
const MAX_FIELD_CHARS = 300;

export function mirrorObject(route: string, mirror: string): string {
  return `${route} -> ${mirror}`;
}

export function comparedMirrors({ routes }: Config): readonly ComparedMirror[] {
  const found = new Map<string, ComparedMirror>();
  for (const route of routes) {
    for (const { to, compare } of mirrorsOf(route)) if (compare !== null) note(found, route.name, to, compare);
  }
  return [...found.values()];
}

function note(found: Map<string, ComparedMirror>, route: string, mirror: string, compare: CompareConfig): void {
  const object = mirrorObject(route, mirror);
  const known = found.get(object);
  const { headers, baseline } = known ?? compare;
  const ignore = [...new Set([...(known?.ignore ?? []), ...compare.ignore])];
  found.set(object, { object, route, mirror, ignore, headers, baseline });
}

function mirrorsOf({ mirrors, rules }: RouteConfig): readonly MirrorConfig[] {
  return [...mirrors, ...rules.flatMap((rule) => rule.mirrors ?? [])];
}

/** What of these fields is not compared, as the configuration has it. */
export function ignoredFieldsOf({ ignore, headers }: ComparedMirror): IgnoredFields {
  return new IgnoredFields(ignore, headers);
}

/** The fields that were called noise at run time, for mirrors that still compare; those that the file names by now are no more live. */
export function carryIgnored(ignored: Ignored, after: Config, dropped: string[]): Ignored {
  const inFile = new Map(comparedMirrors(after).map((mirror) => [mirror.object, mirror.ignore]));
  const carried: Record<string, Record<string, readonly string[]>> = {};
  for (const [route, byMirror] of Object.entries(ignored)) {
    for (const [mirror, fields] of Object.entries(byMirror)) {
      const known = inFile.get(mirrorObject(route, mirror));
      if (known === undefined) {
        dropped.push(
          `what the comparison of ${mirrorObject(route, mirror)} ignored is dropped: nothing is compared there`,
        );
        continue;
      }
      const left = fields.filter((field) => !known.includes(field));
      if (left.length > 0) carried[route] = { ...carried[route], [mirror]: left };
    }
  }
  return carried;
}

/** The live state with these fields ignored for a mirror, in place of those before; none: as the file has it. */
export function withIgnored(live: LiveState, route: string, mirror: string, fields: readonly string[]): LiveState {
  const { [route]: ofRoute = {}, ...otherRoutes } = live.ignored ?? {};
  const { [mirror]: _, ...otherMirrors } = ofRoute;
  const next = fields.length > 0 ? { ...otherMirrors, [mirror]: fields } : otherMirrors;
  const ignored = Object.keys(next).length > 0 ? { ...otherRoutes, [route]: next } : otherRoutes;
  const { ignored: __, ...others } = live;
  return Object.keys(ignored).length > 0 ? { ...others, ignored } : others;
}

/** Throws a `CommandError` for what names no field, or is too much. */
export function checkedFields(fields: readonly string[]): readonly string[] {
  if (fields.length > MAX_FIELDS)
    throw new CommandError('invalid-request', `no more than ${MAX_FIELDS} fields can be ignored`);
  for (const field of fields) {
    if (field.length > MAX_FIELD_CHARS || parseFieldPattern(field) === null) {
      const hint = 'write /a/*/b, header:NAME, status or body';
      throw new CommandError(
        'invalid-request',
        `"${field.slice(0, MAX_FIELD_CHARS)}" names no field of an answer: ${hint}`,
      );
    }
  }
  return [...new Set(fields)];
}

/** What to write into the file so that it says the same. */
export function ignoresYaml(route: string, mirror: string, fields: readonly string[]): string {
  const list = fields.map((field) => `            - ${JSON.stringify(field)}\n`).join('');
  return `routes:
  - name: ${JSON.stringify(route)}
    mirror:
      - to: ${JSON.stringify(mirror)}
        compare:
          ignore:${fields.length > 0 ? `\n${list}` : ' []\n'}`;
}
