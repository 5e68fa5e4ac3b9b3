import { renameSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { placeDatabases } from '../../../src/adapters/places.ts';
import type { PlaceDatabase } from '../../../src/core/ports.ts';
import { eventually } from '../../support/eventually.ts';
import { mmdb } from '../../support/mmdb.ts';
import { temporaryDirectory } from '../../support/temporary-directory.ts';

function opened(directory: string, path: string | null): PlaceDatabase {
  const database = placeDatabases(directory).open(path);
  if ('error' in database) throw new Error(database.error);
  return database;
}

test('the database that comes with the gateway knows countries, and nothing finer', () => {
  const database = opened('/', null);
  expect(database.placeOf('114.114.114.114')).toEqual({ country: 'CN', region: '', city: '' });
  expect(database.placeOf('8.8.8.8')?.country).toBe('US');
  expect(database.placeOf('2400:3200::1')?.country).toBe('CN');
  for (const nowhere of ['10.0.0.1', '127.0.0.1', '::1', 'no address', ''])
    expect(database.placeOf(nowhere)).toBeNull();
  expect(database.hasRegions).toBe(false);
  expect(database.hasCities).toBe(false);
});

describe('a database of the user’s own', () => {
  const hangzhou = {
    country: { iso_code: 'CN' },
    subdivisions: [{ iso_code: 'ZJ' }],
    city: { names: { en: 'Hangzhou', de: 'Hangzhou (DE)' } },
  };

  test('as MaxMind lays it out', () => {
    const directory = temporaryDirectory();
    writeFileSync(
      join(directory, 'city.mmdb'),
      mmdb('GeoLite2-City', { '192.0.2.0/24': hangzhou, '10.0.0.0/8': { country: { iso_code: 'DE' } } }),
    );
    const database = opened(directory, 'city.mmdb');
    expect(database.placeOf('192.0.2.77')).toEqual({ country: 'CN', region: 'CN-ZJ', city: 'Hangzhou' });
    expect(database.placeOf('10.9.9.9')).toEqual({ country: 'DE', region: '', city: '' });
    expect(database.placeOf('192.0.3.1')).toBeNull();
    expect([database.hasRegions, database.hasCities]).toEqual([true, true]);
  });

  test('flat, and under a name that says nothing', () => {
    const directory = temporaryDirectory();
    writeFileSync(
      join(directory, 'a.mmdb'),
      mmdb('mine', { '1.0.0.0/8': { country_code: 'fr', region_code: 'FR-IDF', city: 'Paris' } }),
    );
    const database = opened('/', join(directory, 'a.mmdb'));
    expect(database.placeOf('1.2.3.4')).toEqual({ country: 'FR', region: 'FR-IDF', city: 'Paris' });
    expect([database.hasRegions, database.hasCities]).toEqual([true, true]);
  });

  test('is read once, and anew when it has changed', () => {
    const directory = temporaryDirectory();
    const path = join(directory, 'a.mmdb');
    writeFileSync(path, mmdb('country', { '1.0.0.0/8': { country_code: 'FR' } }));
    const databases = placeDatabases(directory);
    const first = databases.open('a.mmdb') as PlaceDatabase;
    expect(databases.open('a.mmdb')).toBe(first);
    writeFileSync(path, mmdb('country', { '1.0.0.0/8': { country_code: 'DE' } }));
    utimesSync(path, 1, 1);
    const second = databases.open('a.mmdb') as PlaceDatabase;
    expect(first.placeOf('1.1.1.1')?.country).toBe('FR');
    expect(second.placeOf('1.1.1.1')?.country).toBe('DE');
    rmSync(path);
    expect(databases.open('a.mmdb')).toEqual({ error: 'there is no such file' });
  });

  test('is taken up by itself when it is replaced, and kept while there is none', async () => {
    const directory = temporaryDirectory();
    const path = join(directory, 'a.mmdb');
    const put = (bytes: Buffer) => {
      writeFileSync(`${path}.new`, bytes);
      renameSync(`${path}.new`, path);
    };
    put(mmdb('country', { '1.0.0.0/8': { country_code: 'FR' } }));
    const database = placeDatabases(directory, 0).open('a.mmdb') as PlaceDatabase;
    put(mmdb('country', { '1.0.0.0/8': { country_code: 'DE' } }));
    await eventually(() => expect(database.placeOf('1.1.1.1')?.country).toBe('DE'));
    put(Buffer.from('broken'));
    for (let i = 0; i < 5; i++) {
      await eventually(() => expect(database.placeOf('1.1.1.1')?.country).toBe('DE'));
    }
    rmSync(path);
    expect(database.placeOf('1.1.1.1')?.country).toBe('DE');
    put(mmdb('country', { '1.0.0.0/8': { country_code: 'IT' } }));
    await eventually(() => expect(database.placeOf('1.1.1.1')?.country).toBe('IT'));
  });

  test('that is none is refused with a reason', () => {
    const directory = temporaryDirectory();
    writeFileSync(join(directory, 'a.mmdb'), 'not a database');
    expect(placeDatabases(directory).open('a.mmdb')).toEqual({
      error: expect.stringContaining('not in the MaxMind format'),
    });
  });
});
