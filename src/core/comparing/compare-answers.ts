import murmurhash from 'murmurhash';
import type { ComparedAnswer } from './answer.ts';
import { BODY, headerField, STATUS } from './field-name.ts';
import type { IgnoredFields } from './ignored-fields.ts';
import { type FieldDifference, JsonDifference } from './json-difference.ts';

/**
 * Where `other` differs from `primary`: status, headers, and the body, JSON field by field, anything else by length and hash.
 * null: too large or too deep to be compared.
 */
export function compareAnswers(
  primary: ComparedAnswer,
  other: ComparedAnswer,
  ignored: IgnoredFields,
): readonly FieldDifference[] | null {
  const differences: FieldDifference[] = [];
  if (primary.status !== other.status && !ignored.ignoresStatus) {
    differences.push({ field: STATUS, primary: primary.status, other: other.status });
  }
  compareHeaders(primary, other, ignored, differences);
  if (ignored.ignoresBody || isSameBytes(primary.body, other.body)) return differences;
  const inBody = compareBodies(primary, other, ignored);
  return inBody === null ? null : [...differences, ...inBody];
}

function compareHeaders(
  primary: ComparedAnswer,
  other: ComparedAnswer,
  ignored: IgnoredFields,
  differences: FieldDifference[],
): void {
  for (const [name, value] of primary.headers) {
    const beside = other.headers.get(name);
    if (value === beside || ignored.ignoresHeader(name)) continue;
    differences.push({ field: headerField(name), primary: value, other: beside });
  }
  for (const [name, value] of other.headers) {
    if (primary.headers.has(name) || ignored.ignoresHeader(name)) continue;
    differences.push({ field: headerField(name), primary: undefined, other: value });
  }
}

function compareBodies(
  primary: ComparedAnswer,
  other: ComparedAnswer,
  ignored: IgnoredFields,
): readonly FieldDifference[] | null {
  const [one, two] = [primary.json, other.json];
  if (one !== undefined && two !== undefined) return new JsonDifference(ignored).of(one, two);
  return [{ field: BODY, primary: summary(primary.body), other: summary(other.body) }];
}

function isSameBytes(one: Uint8Array, other: Uint8Array): boolean {
  if (one.length !== other.length) return false;
  for (let at = 0; at < one.length; at++) if (one[at] !== other[at]) return false;
  return true;
}

/** Of a body that is not looked into. */
function summary(body: Uint8Array): string {
  if (body.length === 0) return 'empty';
  return `${body.length} bytes, murmur3 ${murmurhash.v3(body, 0).toString(16).padStart(8, '0')}`;
}
