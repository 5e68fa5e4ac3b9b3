import { percentDecode, toByteString, toBytes } from '../byte-string.ts';
import type { AesCbc } from '../ports.ts';
import type { BodyBytes } from '../request-view.ts';
import { type Alphabet, decodeBase64 } from './base64.ts';
import { type BodySecret, type BodySource, type BodyStep, bodySourceText } from './body-source.ts';
import { charsetOf, documentAsUtf8 } from './charset.ts';
import { readContentType } from './content-type.ts';
import { FormField } from './form-field.ts';
import { parsePointer } from './json-pointer.ts';
import { JsonValues } from './json-values.ts';
import { latin1 } from './latin1.ts';
import {
  BAD_CHARSET,
  type BodyReading,
  ENCODED,
  FoundValue,
  NO_BODY,
  NO_KEY,
  OTHER_TYPE,
  UNDECODABLE,
  type UnreadableValue,
} from './reading.ts';

/** Reads one value out of bodies. Read again for the same body, it has the answer at hand. */
export interface BodyReader {
  /** What it reads, as a person would write it. */
  readonly text: string;
  /** `body` is a new object for each request. */
  read(body: BodyBytes): BodyReading;
}

type Find = (body: BodyBytes) => BodyReading;

const JSON_BODY = 'json';
const FORM = 'form';
const utf8 = charsetOf('utf-8')!;

/**
 * Every way into a body that one snapshot uses. Ways that begin alike share what they share: however many conditions look at
 * a body, it is scanned once, and each of its sealed fields is opened once.
 */
export class BodyReads {
  readonly #aes: AesCbc | null;
  /** By the steps so far. */
  readonly #finds = new Map<string, Find>();
  readonly #documents = new Map<string, JsonValues>();

  /** Without a cipher, no way may lead through a sealed field. */
  constructor(aes: AesCbc | null) {
    this.#aes = aes;
  }

  reader(source: BodySource): BodyReader {
    const [entry] = source;
    let key = entry.kind === 'pointer' ? JSON_BODY : FORM;
    let find = this.#shared(key, entry.kind === 'pointer' ? jsonBody : formBody);
    for (const [at, step] of source.entries()) {
      // A pointer reads JSON by itself; at the end, `json` stands for the whole document.
      if (step.kind === 'json' && source[at + 1]?.kind === 'pointer') continue;
      const before = key;
      key = JSON.stringify([key, step]);
      find = this.#finds.get(key) ?? this.#shared(key, this.#step(before, find, step));
    }
    return { text: bodySourceText(source), read: find };
  }

  #shared(key: string, find: Find): Find {
    const known = this.#finds.get(key);
    if (known !== undefined) return known;
    const shared = remembering(find);
    this.#finds.set(key, shared);
    return shared;
  }

  /** The way on from where `before` has come to. */
  #step(key: string, before: Find, step: BodyStep): Find {
    switch (step.kind) {
      case 'json':
        return this.#value(key, before, '');
      case 'pointer':
        return this.#value(key, before, step.pointer);
      case 'field':
        return fieldIn(before, step.name, key === FORM);
      case 'base64':
      case 'base64url':
        return unbase64(before, step.kind);
      case 'urldecode':
        return decoding(before, (bytes) => toBytes(percentDecode(latin1(bytes), true)));
      case 'aes-cbc':
        return this.#unsealed(before, step);
    }
  }

  #unsealed(before: Find, step: Extract<BodyStep, { kind: 'aes-cbc' }>): Find {
    const aes = this.#aes;
    if (aes === null) throw new Error('a sealed field is asked for, and there is no cipher');
    const keyOf = this.#secret(step.key);
    const ivOf = this.#secret(step.iv);
    return decoding(before, (bytes, body) => {
      const key = keyOf(body);
      const iv = ivOf(body);
      if (key === null || iv === null) return NO_KEY;
      return aes.decrypt(key, iv, bytes) ?? UNDECODABLE;
    });
  }

  #value(key: string, before: Find, pointer: string): Find {
    let document = this.#documents.get(key);
    if (document === undefined) {
      document = new JsonValues();
      this.#documents.set(key, document);
    }
    return valueIn(document, before, pointer);
  }

  /** null: there is none for this body. */
  #secret(secret: BodySecret): (body: BodyBytes) => Uint8Array | null {
    if (secret.kind === 'one') {
      const bytes = fromHex(secret.hex);
      return () => bytes;
    }
    const partner = this.reader([secret.by]);
    const secrets = new Map(secret.secrets.map(({ name, hex }) => [toByteString(name), fromHex(hex)]));
    return (body) => {
      const found = partner.read(body);
      return found.kind === 'found' ? (secrets.get(found.text) ?? null) : null;
    };
  }
}

/** Keeps the answer for the body asked about last. */
function remembering(find: Find): Find {
  let lastBody: BodyBytes | null = null;
  let last: BodyReading = NO_BODY;
  return (body) => {
    if (body !== lastBody) {
      last = find(body);
      lastBody = body;
    }
    return last;
  };
}

function valueIn(document: JsonValues, before: Find, pointer: string): Find {
  const value = document.add(parsePointer(pointer) ?? []);
  return (body) => {
    const found = before(body);
    return found.kind === 'found' ? document.read(found.bytes, value) : found;
  };
}

/** A form that is the body itself comes in the charset of its type; one inside something else in UTF-8. */
function fieldIn(before: Find, name: string, isBody: boolean): Find {
  const field = new FormField(name);
  return (body) => {
    const found = before(body);
    if (found.kind !== 'found') return found;
    const charset = isBody ? readContentType(body.contentType).charset : utf8;
    return charset === null ? BAD_CHARSET : field.read(found, charset);
  };
}

function unbase64(before: Find, alphabet: Alphabet): Find {
  return decoding(before, (bytes) => decodeBase64(bytes, alphabet) ?? UNDECODABLE);
}

function decoding(before: Find, decode: (bytes: Uint8Array, body: BodyBytes) => Uint8Array | UnreadableValue): Find {
  return (body) => {
    const found = before(body);
    if (found.kind !== 'found') return found;
    const decoded = decode(found.bytes, body);
    return decoded instanceof Uint8Array ? new FoundValue(decoded) : decoded;
  };
}

function jsonBody(body: BodyBytes): BodyReading {
  const refusal = refusalOf(body);
  if (refusal !== null) return refusal;
  const { kind, charset } = readContentType(body.contentType);
  if (kind !== 'json') return OTHER_TYPE;
  if (charset === null) return BAD_CHARSET;
  const bytes = documentAsUtf8(body.bytes, charset);
  return bytes === null ? BAD_CHARSET : new FoundValue(bytes);
}

function formBody(body: BodyBytes): BodyReading {
  const refusal = refusalOf(body);
  if (refusal !== null) return refusal;
  const { kind, charset } = readContentType(body.contentType);
  if (kind !== 'form') return OTHER_TYPE;
  return charset === null ? BAD_CHARSET : new FoundValue(body.bytes);
}

function refusalOf(body: BodyBytes): UnreadableValue | null {
  if (body.bytes.length === 0) return NO_BODY;
  return body.contentEncoding === '' ? null : ENCODED;
}

function fromHex(hex: string): Uint8Array {
  const bytes = new Uint8Array(hex.length / 2);
  for (let i = 0; i < bytes.length; i++) bytes[i] = Number.parseInt(hex.slice(i * 2, i * 2 + 2), 16);
  return bytes;
}
