import type { Place, PlaceDatabase } from '../ports.ts';
import type { RequestView } from '../request-view.ts';
import { unknownBit } from '../unknown-reason.ts';
import type { Condition } from './condition.ts';
import type { ValueMatcher } from './value-matcher.ts';

export type PlacePart = 'country' | 'region' | 'city';

/** Where places come from. Headers are believed from trusted peers alone, and outrank the database. */
export interface PlaceSource {
  readonly headers: Readonly<Record<PlacePart, string | null>>;
  readonly database: PlaceDatabase | null;
}

const NO_PLACE = unknownBit('no-place');
const NOWHERE: Place = { country: '', region: '', city: '' };

/** Finds where a request comes from; one for a snapshot, because one client sends many requests. */
export class Places {
  readonly #source: PlaceSource;
  #lastAddress = '';
  #lastPlace: Place = NOWHERE;

  constructor(source: PlaceSource) {
    this.#source = source;
  }

  /** The header fields that are looked at. */
  get headerNames(): readonly string[] {
    return Object.values(this.#source.headers).filter((name) => name !== null);
  }

  /** As a byte string: codes in upper case, cities in lower case; null: unknown. */
  find(part: PlacePart, request: RequestView): string | null {
    const name = this.#source.headers[part];
    const told = name !== null && request.fromTrustedPeer ? request.firstHeader(name) : undefined;
    const found = told === undefined || told === '' ? this.#placeOf(request.clientAddress)[part] : told;
    if (found === '') return null;
    return part === 'city' ? found.toLowerCase() : found.toUpperCase();
  }

  #placeOf(address: string): Place {
    if (address !== this.#lastAddress) {
      this.#lastPlace = this.#source.database?.placeOf(address) ?? NOWHERE;
      this.#lastAddress = address;
    }
    return this.#lastPlace;
  }
}

/** `geo:`, one part of it. `matcher` tests what `Places` finds; a place that nobody knows is unknown. */
export function placeCondition(part: PlacePart, matcher: ValueMatcher, places: Places): Condition {
  return {
    text: `geo ${part} ${matcher.text}`,
    cost: 1,
    headerNames: places.headerNames,
    test: (trial) => {
      const found = places.find(part, trial.request);
      if (found === null) {
        trial.decision.unknown |= NO_PLACE;
        return 'unknown';
      }
      return matcher.test(found) ? 'true' : 'false';
    },
    seen: (trial) => places.find(part, trial.request),
    parts: [],
  };
}
