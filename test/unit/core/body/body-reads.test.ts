import { createCipheriv } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { aesCbc } from '../../../../src/adapters/aes-cbc.ts';
import { BodyReads } from '../../../../src/core/body/body-reads.ts';
import type { BodySource, BodyStep } from '../../../../src/core/body/body-source.ts';
import type { BodyReading } from '../../../../src/core/body/reading.ts';
import type { AesCbc } from '../../../../src/core/ports.ts';
import type { BodyBytes } from '../../../../src/core/request-view.ts';

const decoder = new TextDecoder();

function bodyOf(content: string | Uint8Array, contentType = 'application/json', contentEncoding = ''): BodyBytes {
  return { bytes: typeof content === 'string' ? Buffer.from(content) : content, contentType, contentEncoding };
}

function textOf(reading: BodyReading): string | undefined {
  if (reading.kind === 'absent') return undefined;
  return reading.kind === 'found' ? decoder.decode(reading.bytes) : `! ${reading.reason}`;
}

function read(source: BodySource, body: BodyBytes): string | undefined {
  return textOf(new BodyReads(aesCbc).reader(source).read(body));
}

const A: BodySource = [{ kind: 'pointer', pointer: '/a' }];
const FIELD: BodySource = [{ kind: 'field', name: 'a' }];
const FORM = 'application/x-www-form-urlencoded';

describe('which bodies are read', () => {
  test.each([
    ['application/json', 'x'],
    ['APPLICATION/JSON', 'x'],
    ['application/json; charset=utf-8', 'x'],
    ['application/json;charset="UTF-8"', 'x'],
    ['application/json; version=1; charset=utf8', 'x'],
    ['application/problem+json', 'x'],
    ['application/vnd.charging.v2+json; charset=utf-8', 'x'],
    ['application/json; charset=gbk', 'x'],
    ['application/json; charset=klingon', '! charset'],
    ['text/json', '! content-type'],
    ['application/jsonp', '! content-type'],
    ['application/+json', '! content-type'],
    ['application/json, text/plain', '! content-type'],
    ['text/plain', '! content-type'],
    [FORM, '! content-type'],
    ['', '! content-type'],
  ])('a pointer into %j', (contentType, expected) => {
    expect(read(A, bodyOf('{"a":"x"}', contentType))).toBe(expected);
  });

  test.each([
    [FORM, 'x y'],
    [`${FORM}; charset=utf-8`, 'x y'],
    [FORM.toUpperCase(), 'x y'],
    [`${FORM};charset=nothing-known`, '! charset'],
    ['application/json', '! content-type'],
    ['multipart/form-data; boundary=a', '! content-type'],
    ['', '! content-type'],
  ])('a field of %j', (contentType, expected) => {
    expect(read(FIELD, bodyOf('b=1&a=x+y&a=z', contentType))).toBe(expected);
  });

  test('an empty one and one in an encoding are not', () => {
    expect(read(A, bodyOf(''))).toBe('! no-body');
    expect(read(FIELD, bodyOf('', FORM))).toBe('! no-body');
    expect(read(A, bodyOf('{"a":"x"}', 'application/json', 'gzip'))).toBe('! content-encoding');
    expect(read(FIELD, bodyOf('a=x', FORM, 'identity'))).toBe('! content-encoding');
  });
});

describe('charsets', () => {
  const gbk = Uint8Array.from([0xb5, 0xe7, 0xd7, 0xae]);

  test('a form in another charset is read in it, names too', () => {
    expect(read(FIELD, bodyOf('a=%B5%E7%D7%AE', `${FORM}; charset=GBK`))).toBe('电桩');
    expect(read(FIELD, bodyOf(Uint8Array.from([...Buffer.from('a='), ...gbk]), `${FORM};charset=gb18030`))).toBe(
      '电桩',
    );
    expect(read([{ kind: 'field', name: '电桩' }], bodyOf('%B5%E7%D7%AE=x', `${FORM}; charset=gbk`))).toBe('x');
    expect(read([{ kind: 'field', name: 'é' }], bodyOf('%E9=x', `${FORM}; charset=iso-8859-1`))).toBe('x');
  });

  test('what is no text of its charset is unknown', () => {
    expect(read(FIELD, bodyOf('a=%B5%E7%D7%AE', FORM))).toBe('! charset');
    expect(read(FIELD, bodyOf('a=%ff', `${FORM}; charset=gbk`))).toBe('! charset');
  });

  test('JSON says its text in the charset that its type names, UTF-8 if none', () => {
    const document = Uint8Array.from([...Buffer.from('{"a":"'), ...gbk, ...Buffer.from('"}')]);
    expect(read(A, bodyOf(document, 'application/json; charset=gbk'))).toBe('电桩');
    expect(read(A, bodyOf(document))).toBe('! malformed');
    expect(read(A, bodyOf(Buffer.from('{"a":"电桩"}', 'utf16le'), 'application/json; charset=utf-16le'))).toBe('电桩');
  });
});

describe('forms', () => {
  test.each([
    ['the first of a name', 'a=1&a=2', '1'],
    ['escapes and plus signs, once', 'a=%2541+%41', '%41 A'],
    ['an escaped name', '%61=1', '1'],
    ['a name without a value', 'b&a&c', ''],
    ['a name that only begins so', 'ab=1', undefined],
    ['a broken escape stays', 'a=%zz', '%zz'],
    ['an equals sign in the value', 'a=b=c', 'b=c'],
    ['a list is none of ours', 'a%5B%5D=1', undefined],
  ])('%s', (_, form, expected) => {
    expect(read(FIELD, bodyOf(form, FORM))).toBe(expected);
    expect(read(FIELD, bodyOf(form, `${FORM}; charset=windows-1252`))).toBe(expected);
  });
});

const KEY = '0123456789abcdef';
const hex = (text: string): string => Buffer.from(text).toString('hex');
const unsealed = (keyText = KEY, ivText = KEY): BodyStep => ({
  kind: 'aes-cbc',
  keyBits: keyText.length === 16 ? 128 : 256,
  key: { kind: 'one', hex: hex(keyText) },
  iv: { kind: 'one', hex: hex(ivText) },
});

function seal(text: string | Uint8Array, key = KEY, iv = KEY): Buffer {
  const cipher = createCipheriv(key.length === 16 ? 'aes-128-cbc' : 'aes-256-cbc', key, iv);
  return Buffer.concat([cipher.update(text), cipher.final()]);
}

function sealedBody(sealed: string, more: object = {}): BodyBytes {
  return bodyOf(JSON.stringify({ ...more, Data: sealed }));
}

describe('decoding, step by step', () => {
  const data = (...steps: BodyStep[]): BodySource => [{ kind: 'pointer', pointer: '/Data' }, ...steps];
  const connector = data(
    { kind: 'base64' },
    unsealed(),
    { kind: 'json' },
    { kind: 'pointer', pointer: '/ConnectorID' },
  );

  test('a sealed field', () => {
    const sealed = seal('{"ConnectorID":"1001","更多":[1,2]}');
    expect(read(connector, sealedBody(sealed.toString('base64')))).toBe('1001');
    expect(read(connector, sealedBody(sealed.toString('base64').replace(/=+$/, '')))).toBe('1001');
    expect(read(connector, sealedBody(sealed.toString('base64').replace(/(.{20})/g, '$1\r\n')))).toBe('1001');
  });

  test('a key of 256 bits', () => {
    const source = data({ kind: 'base64url' }, unsealed(KEY + KEY), { kind: 'json' });
    expect(read(source, sealedBody(seal('"x"', KEY + KEY).toString('base64url')))).toBe('x');
  });

  test('what does not open is unknown', () => {
    const sealed = seal('{"ConnectorID":"1001"}');
    expect(read(connector, sealedBody(seal('x', 'another key 1234').toString('base64')))).toMatch(
      /^! (undecodable|malformed)/,
    );
    expect(read(connector, sealedBody('no*base64'))).toBe('! undecodable');
    expect(read(connector, sealedBody(sealed.subarray(1).toString('base64')))).toBe('! undecodable');
    expect(read(connector, sealedBody(''))).toBe('! undecodable');
    expect(read(connector, sealedBody(seal('not json').toString('base64')))).toBe('! malformed');
    expect(read(connector, sealedBody(seal('{"ConnectorID":1,"ConnectorID":2}').toString('base64')))).toBe(
      '! duplicate-key',
    );
  });

  test('what is not there is absent, at whatever step', () => {
    expect(read(connector, bodyOf('{"Other":1}'))).toBeUndefined();
    expect(read(connector, sealedBody(seal('{"Other":1}').toString('base64')))).toBeUndefined();
  });

  test('keys by partner, for key and vector', () => {
    const by = { kind: 'pointer', pointer: '/OperatorID' } as const;
    const step: BodyStep = {
      kind: 'aes-cbc',
      keyBits: 128,
      key: {
        kind: 'by',
        by,
        secrets: [
          { name: 'op1', hex: hex(KEY) },
          { name: '395815801', hex: hex('fedcba9876543210') },
        ],
      },
      iv: {
        kind: 'by',
        by,
        secrets: [
          { name: 'op1', hex: hex(KEY) },
          { name: '395815801', hex: hex(KEY) },
        ],
      },
    };
    const source = data({ kind: 'base64' }, step, { kind: 'json' }, { kind: 'pointer', pointer: '/a' });
    const first = seal('{"a":"one"}').toString('base64');
    const second = seal('{"a":"two"}', 'fedcba9876543210').toString('base64');
    expect(read(source, sealedBody(first, { OperatorID: 'op1' }))).toBe('one');
    // A number and its text are the same partner.
    expect(read(source, sealedBody(second, { OperatorID: 395815801 }))).toBe('two');
    expect(read(source, sealedBody(first, { OperatorID: 'op9' }))).toBe('! no-key');
    expect(read(source, sealedBody(first))).toBe('! no-key');
    expect(read(source, sealedBody(second, { OperatorID: 'op1' }))).toMatch(/^! (undecodable|malformed)/);
  });

  test('JSON within a text, a form within JSON, JSON within a form', () => {
    const inner = data({ kind: 'json' }, { kind: 'pointer', pointer: '/a/0' });
    expect(read(inner, sealedBody('{"a":["x"]}'))).toBe('x');
    expect(read(data({ kind: 'pointer', pointer: '/a' }), bodyOf('{"Data":{"a":"x"}}'))).toBe('x');
    expect(read(data({ kind: 'field', name: 'pile' }), sealedBody('a=1&pile=%E7%94%B5'))).toBe('电');
    const inForm: BodySource = [
      { kind: 'field', name: 'data' },
      { kind: 'urldecode' },
      { kind: 'json' },
      { kind: 'pointer', pointer: '/a' },
    ];
    expect(read(inForm, bodyOf(`data=${encodeURIComponent(encodeURIComponent('{"a":"+"}'))}`, FORM))).toBe('+');
  });

  test('one body is opened once for all that look into it', () => {
    let opened = 0;
    const counting: AesCbc = {
      decrypt: (key, iv, sealed) => {
        opened++;
        return aesCbc.decrypt(key, iv, sealed);
      },
    };
    const reads = new BodyReads(counting);
    const readers = ['/ConnectorID', '/UserID', '/ConnectorID', '/x/0/y'].map((pointer) =>
      reads.reader(data({ kind: 'base64' }, unsealed(), { kind: 'json' }, { kind: 'pointer', pointer })),
    );
    const body = sealedBody(seal('{"ConnectorID":"1","UserID":"u","x":[{"y":2}]}').toString('base64'));
    const found = () => readers.map((reader) => textOf(reader.read(body)));
    expect(found()).toEqual(['1', 'u', '1', '2']);
    expect(found()).toEqual(['1', 'u', '1', '2']);
    expect(opened).toBe(1);
    readers[0]!.read({ ...body });
    expect(opened).toBe(2);
  });

  test('texts show the way, and no key', () => {
    expect(new BodyReads(aesCbc).reader(connector).text).toBe('/Data (base64, aes-128-cbc, json, /ConnectorID)');
    expect(new BodyReads(aesCbc).reader(FIELD).text).toBe('field a');
  });

  test('base64 is what Buffer makes of it, or nothing', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), fc.boolean(), (bytes, isUrl) => {
        const kind = isUrl ? 'base64url' : 'base64';
        const found = new BodyReads(null).reader(data({ kind })).read(sealedBody(Buffer.from(bytes).toString(kind)));
        expect(found.kind === 'found' && Buffer.from(found.bytes).equals(Buffer.from(bytes))).toBe(true);
      }),
    );
  });
});
