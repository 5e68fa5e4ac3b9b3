import { readFileSync, type Stats, statSync } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { isAbsolute, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Reader, type Response } from 'mmdb-lib';
import type { Place, PlaceDatabase, PlaceDatabases } from '../core/ports.ts';

/** What kind of database knows more than countries, going by its own name. */
const DETAILED_TYPE = /city|enterprise|insights|precision/i;
/** First bytes of addresses that are looked up to see what a database of another name knows. */
const SAMPLES = 223;

/** How often a database in use is looked at for a newer one in its place. */
const CHECK_EVERY_MS = 60_000;

/**
 * Databases in the MaxMind format. `baseDirectory` is where relative paths begin. A file that was replaced is taken up by
 * itself; while what lies there is no database, the one before it stays.
 */
export function placeDatabases(baseDirectory: string, checkEveryMs = CHECK_EVERY_MS): PlaceDatabases {
  const opened = new Map<string, FileDatabase>();
  return {
    open(path) {
      try {
        const file = path === null ? bundledFile() : isAbsolute(path) ? path : join(baseDirectory, path);
        const signature = signatureOf(statSync(file));
        const known = opened.get(file);
        if (known !== undefined && known.signature === signature) return known;
        const database = new FileDatabase(file, signature, readFileSync(file), checkEveryMs);
        opened.set(file, database);
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

function signatureOf({ ino, size, mtimeMs }: Stats): string {
  return `${ino}:${size}:${mtimeMs}`;
}

/** One file, read whole. */
class FileDatabase implements PlaceDatabase {
  readonly hasRegions: boolean;
  readonly hasCities: boolean;
  signature: string;
  readonly #file: string;
  readonly #checkEveryMs: number;
  #reader: Reader<Response>;
  #checkAtMs: number;

  constructor(file: string, signature: string, bytes: Buffer, checkEveryMs: number) {
    this.#file = file;
    this.signature = signature;
    this.#reader = new Reader<Response>(bytes);
    this.#checkEveryMs = checkEveryMs;
    this.#checkAtMs = performance.now() + checkEveryMs;
    const isDetailed = DETAILED_TYPE.test(this.#reader.metadata.databaseType);
    const samples = Array.from({ length: SAMPLES }, (_, at) => this.placeOf(`${at + 1}.1.1.1`));
    this.hasRegions = isDetailed || samples.some((place) => place !== null && place.region !== '');
    this.hasCities = isDetailed || samples.some((place) => place !== null && place.city !== '');
  }

  placeOf(address: string): Place | null {
    if (performance.now() >= this.#checkAtMs) void this.#check();
    try {
      return placeIn(this.#reader.get(address));
    } catch {
      // A damaged record, or an address of a family that it does not have.
      return null;
    }
  }

  /** Takes up what lies there now, if it is another database. */
  async #check(): Promise<void> {
    this.#checkAtMs = performance.now() + this.#checkEveryMs;
    try {
      const signature = signatureOf(await stat(this.#file));
      if (signature === this.signature) return;
      this.#reader = new Reader<Response>(await readFile(this.#file));
      this.signature = signature;
    } catch {
      // What was read last still holds.
    }
  }
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
