import { type UnknownReason, type UnknownReasons, unknownBit } from '../unknown-reason.ts';
import { latin1 } from './latin1.ts';

/** What a look into a body found: a value, nothing where a value could be, or that nothing can be known. */
export type BodyReading = FoundValue | AbsentValue | UnreadableValue;

/** A value, whose text is made when somebody asks for it, and once. */
export class FoundValue {
  readonly kind = 'found';
  /** UTF-8 of a text; a number or word of JSON as sent; an object or list of JSON as sent. */
  readonly bytes: Uint8Array;
  /** `plain` can be a sticky key; null, objects and lists are values, but nobody's id. */
  readonly shape: 'plain' | 'null' | 'container';
  #text: string | null = null;

  constructor(bytes: Uint8Array, shape: FoundValue['shape'] = 'plain') {
    this.bytes = bytes;
    this.shape = shape;
  }

  /** The bytes as a byte string. */
  get text(): string {
    this.#text ??= latin1(this.bytes);
    return this.#text;
  }
}

export interface AbsentValue {
  readonly kind: 'absent';
}

export interface UnreadableValue {
  readonly kind: 'unreadable';
  readonly reason: UnknownReason;
  readonly bit: UnknownReasons;
}

export const ABSENT: AbsentValue = { kind: 'absent' };

function unreadable(reason: UnknownReason): UnreadableValue {
  return { kind: 'unreadable', reason, bit: unknownBit(reason) };
}

export const NO_BODY = unreadable('no-body');
export const TOO_LARGE = unreadable('body-too-large');
export const ENCODED = unreadable('content-encoding');
export const OTHER_TYPE = unreadable('content-type');
export const BAD_CHARSET = unreadable('charset');
export const MALFORMED = unreadable('malformed');
export const DUPLICATE_KEY = unreadable('duplicate-key');
export const UNDECODABLE = unreadable('undecodable');
export const NO_KEY = unreadable('no-key');
