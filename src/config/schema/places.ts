import { z } from 'zod';
import type { PlacePart } from '../../core/matching/place.ts';
import type { ConditionConfig, GeoConfig, ValueMatcherConfig } from '../model.ts';
import { headerName } from './names.ts';
import { type Problem, problem } from './problem.ts';
import { filledText } from './scalars.ts';
import { refuse, refuseShape, section } from './shape.ts';
import { valueMatcher } from './value-matcher.ts';

const headers = z.union([
  headerName.transform((country): GeoConfig['headers'] => ({ country, region: null, city: null })),
  section('header', {
    country: headerName.optional().describe('Holds the country code.'),
    region: headerName.optional().describe('Holds the region code, as CN-ZJ.'),
    city: headerName.optional().describe('Holds the name of the city.'),
  }).transform(({ country, region, city }): GeoConfig['headers'] => ({
    country: country ?? null,
    region: region ?? null,
    city: city ?? null,
  })),
]);

const NO_HEADERS: GeoConfig['headers'] = { country: null, region: null, city: null };

/** `geo:` at the top: with a header alone, no database is asked. */
export const geo = section('geo', {
  database: filledText.optional().describe('A database in the MaxMind format (.mmdb).'),
  header: headers
    .optional()
    .describe('A header with the country code, believed from trusted proxies; or one for each part.'),
}).transform(({ database, header }): GeoConfig => {
  const isHeaderOnly = header !== undefined && database === undefined;
  return { database: isHeaderOnly ? null : { path: database ?? null }, headers: header ?? NO_HEADERS };
});

const PARTS: readonly PlacePart[] = ['country', 'region', 'city'];

/** `geo:` in a `when`: its parts must all hold. */
export const placeConditions = section('geo', {
  country: valueMatcher.optional().describe('Country code (ISO 3166-1): CN.'),
  region: valueMatcher.optional().describe('Region code (ISO 3166-2): CN-ZJ.'),
  city: valueMatcher.optional().describe('Name of the city, as the database has it.'),
})
  .transform((given, context): readonly ConditionConfig[] => {
    const conditions = PARTS.flatMap((part): ConditionConfig[] => {
      const value = given[part];
      return value === undefined ? [] : [{ kind: 'place', part, value: inOwnCase(value, part, context, [part]) }];
    });
    if (conditions.length > 0) return conditions;
    return refuseShape(context, problem('empty-list', 'geo is empty', 'write country, region or city'));
  })
  .meta({ id: 'geo' });

/** Codes are compared in upper case, cities in lower case; a pattern says itself what it means. */
function inOwnCase(
  matcher: ValueMatcherConfig,
  part: PlacePart,
  context: z.RefinementCtx,
  path: string[],
): ValueMatcherConfig {
  const change = (value: string) => (part === 'city' ? value.toLowerCase() : value.toUpperCase());
  switch (matcher.kind) {
    case 'present':
    case 'in-file':
    case 'regex':
      return matcher;
    case 'not':
      return { kind: 'not', of: inOwnCase(matcher.of, part, context, path) };
    case 'in':
      for (const value of matcher.values) checkCode(value, part, context, path);
      return { kind: 'in', values: matcher.values.map(change) };
    case 'exact':
      checkCode(matcher.value, part, context, path);
      return { kind: 'exact', value: change(matcher.value) };
    default:
      return { kind: matcher.kind, value: change(matcher.value) };
  }
}

function checkCode(value: string, part: PlacePart, context: z.RefinementCtx, path: string[]): void {
  const refused = refusedCode(value, part);
  if (refused !== null) refuse(context, refused, path);
}

function refusedCode(value: string, part: PlacePart): Problem | null {
  if (part === 'country' && !/^[A-Za-z]{2}$/.test(value)) {
    return problem('bad-place', `"${value}" is not a country code`, 'two letters of ISO 3166-1, as CN');
  }
  if (part === 'region' && !/^[A-Za-z]{2}-[A-Za-z0-9]{1,3}$/.test(value)) {
    return problem('bad-place', `"${value}" is not a region code`, 'of ISO 3166-2, as CN-ZJ');
  }
  return null;
}
