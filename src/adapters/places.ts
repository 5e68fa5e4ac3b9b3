import { readFileSync, statSync } from 'node:fs';
import { isAbsolute, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Reader, type Response } from 'mmdb-lib';
import type { Place, PlaceDatabase, PlaceDatabases } from '../core/ports.ts';

/** What kind of database knows more than countries, going by its own name. */
const DETAILED_TYPE = /city|enterprise|insights|precision/i;
/** First bytes of addresses that are looked up to see what a database of another name knows. */
const SAMPLES = 223;

interface Opened {
  readonly signature: string;
  readonly database: PlaceDatabase;
}

/** Databases in the MaxMind format. `baseDirectory` is where relative paths begin. A file that has changed is read anew. */
export function placeDatabases(baseDirectory: string): PlaceDatabases {
  const opened = new Map<string, Opened>();
  return {
    open(path) {
      try {
        const file = path === null ? bundledFile() : isAbsolute(path) ? path : join(baseDirectory, path);
        const stat = statSync(file);
        const signature = `${stat.ino}:${stat.size}:${stat.mtimeMs}`;
        const known = opened.get(file);
        if (known !== undefined && known.signature === signature) return known.database;
        const database = readDatabase(file);
        opened.set(file, { signature, database });
        return database;
      } catch (error) {
        return { error: reasonOf(error) };
      }
    },
  };
}

function bundledFile(): string {
  return fileURLToPath(import.meta.resolve('@ip-location-db/geo-whois-asn-country-mmdb/geo-whois-asn-country.mmdb'));
}

function readDatabase(file: string): PlaceDatabase {
  const reader = new Reader<Response>(readFileSync(file));
  const placeOf = (address: string): Place | null => {
    try {
      return placeIn(reader.get(address));
    } catch {
      // A damaged record, or an address of a family that it does not have.
      return null;
    }
  };
  const isDetailed = DETAILED_TYPE.test(reader.metadata.databaseType);
  const samples = Array.from({ length: SAMPLES }, (_, at) => placeOf(`${at + 1}.1.1.1`));
  return {
    hasRegions: samples.some((place) => place !== null && place.region !== '') || isDetailed,
    hasCities: samples.some((place) => place !== null && place.city !== '') || isDetailed,
    placeOf,
  };
}

/** A record as MaxMind lays it out, or flat as smaller databases do. */
interface PlaceRecord {
  readonly country?: { readonly iso_code?: unknown } | string;
  readonly country_code?: unknown;
  readonly subdivisions?: readonly { readonly iso_code?: unknown }[];
  readonly region_code?: unknown;
  readonly city?: { readonly names?: { readonly en?: unknown } } | string;
}

function placeIn(response: Response | null): Place | null {
  if (response === null) return null;
  const record = response as unknown as PlaceRecord;
  const country = codeOf(
    typeof record.country === 'object' ? record.country.iso_code : (record.country ?? record.country_code),
  );
  const subdivision = codeOf(record.subdivisions?.[0]?.iso_code ?? record.region_code);
  const region = subdivision === '' || subdivision.includes('-') ? subdivision : `${country}-${subdivision}`;
  const city = typeof record.city === 'object' ? record.city.names?.en : record.city;
  return { country: country.length === 2 ? country : '', region, city: typeof city === 'string' ? city : '' };
}

function codeOf(value: unknown): string {
  return typeof value === 'string' ? value.toUpperCase() : '';
}

function reasonOf(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  if (code === 'ENOENT') return 'there is no such file';
  return code === 'EACCES' ? 'permission denied' : `it is not in the MaxMind format (${message})`;
}
