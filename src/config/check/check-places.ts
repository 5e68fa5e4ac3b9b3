import type { PlacePart } from '../../core/matching/place.ts';
import type { PlaceDatabase } from '../../core/ports.ts';
import type { MapEntry, Place } from '../source/source-node.ts';
import { entryOf, valueUnder } from '../source/source-node.ts';
import type { CheckContext } from './check-context.ts';

/** What headers and database tell about places. The database is opened when the first condition asks. */
export class PlaceKnowledge {
  readonly #context: CheckContext;
  #database: PlaceDatabase | null | undefined;

  constructor(context: CheckContext) {
    this.#context = context;
  }

  knows(part: PlacePart): boolean {
    const { geo } = this.#context.config;
    if (geo.headers[part] !== null) return true;
    const database = this.#open();
    if (database === 'unreadable') return true;
    if (database === null) return false;
    if (part === 'country') return true;
    return part === 'region' ? database.hasRegions : database.hasCities;
  }

  /** A database that cannot be read was reported: nothing more is said about it. */
  #open(): PlaceDatabase | null | 'unreadable' {
    if (this.#database === undefined) this.#database = this.#openOnce();
    return this.#database === null && this.#context.config.geo.database !== null ? 'unreadable' : this.#database;
  }

  #openOnce(): PlaceDatabase | null {
    const { config, input } = this.#context;
    if (config.geo.database === null) return null;
    const { path } = config.geo.database;
    const opened = input.places?.open(path) ?? { error: 'nobody can open it' };
    if (!('error' in opened)) return opened;
    const message = `cannot read the database of places ${path ?? 'that comes with the gateway'}: ${opened.error}`;
    input.issues.error('geo-database', this.#placeOfGeo(), message);
    return null;
  }

  #placeOfGeo(): Place {
    const { whole } = this.#context.input;
    return valueUnder(valueUnder(whole, 'geo'), 'database') ?? entryOf(whole, 'geo')?.value ?? whole;
  }
}

/** A condition asks for a part of a place, which something must be able to tell. */
export function checkPlacePart(context: CheckContext, places: PlaceKnowledge, { key, keyFile, keyAt }: MapEntry): void {
  if (key !== 'country' && key !== 'region' && key !== 'city') return;
  if (places.knows(key)) return;
  const hint = `name a database that has it under geo.database, or a header under geo.header: { ${key}: ... }`;
  const message = `neither a header nor the database tells the ${key}`;
  context.input.issues.error('place-unavailable', { file: keyFile, at: keyAt }, message, hint);
}
