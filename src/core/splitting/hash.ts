import murmurhash from 'murmurhash';
import { toByteString, toBytes } from '../byte-string.ts';

/** What a hash decides. Each purpose has its own, so being in one share says nothing about being in another. */
export type HashPurpose = 'split' | 'mirror' | 'percent' | 'endpoint';

/** The byte string that stands before every key: UTF-8 of `salt:purpose:name:`. */
export function stickyPrefix(salt: string, purpose: HashPurpose, name: string): string {
  return toByteString(`${salt}:${purpose}:${name}:`);
}

/** murmur3 (32-bit, x86, seed 0) of a byte string. The reference; `PrefixHash` is the same for the hot path. */
export function hash(bytes: string): number {
  return murmurhash.v3(toBytes(bytes), 0);
}

/** A 32-bit hash as a number strictly between 0 and 1, so that its logarithm is finite. */
export function unit(hash32: number): number {
  return (hash32 + 0.5) / 4294967296;
}

/** murmur3 (32-bit, x86, seed 0) of a constant prefix followed by a key. The prefix is hashed once, here; a key costs no memory. */
export class PrefixHash {
  /** The state after the prefix's whole 4-byte blocks. */
  readonly #state: number;
  /** The prefix's last 0..3 bytes, little end first, and how many bits they are. */
  readonly #carry: number;
  readonly #carryBits: number;
  readonly #length: number;

  constructor(prefix: string) {
    const whole = prefix.length & ~3;
    let state = 0;
    for (let i = 0; i < whole; i += 4) state = mixBlock(state, blockAt(prefix, i));
    this.#state = state;
    this.#carry = tailAt(prefix, whole);
    this.#carryBits = (prefix.length - whole) * 8;
    this.#length = prefix.length;
  }

  /** The hash of the prefix followed by `key`, a byte string. */
  of(key: string): number {
    const bits = this.#carryBits;
    const whole = key.length & ~3;
    let state = this.#state;
    let carry = this.#carry;
    for (let i = 0; i < whole; i += 4) {
      const block = blockAt(key, i);
      state = mixBlock(state, carry | (block << bits));
      carry = overflow(block, bits);
    }
    return finish(state, carry, bits, tailAt(key, whole), key.length - whole, this.#length + key.length);
  }

  /** The hash of the prefix followed by the four bytes of a 32-bit number, little end first. */
  ofWord(word: number): number {
    const bits = this.#carryBits;
    const state = mixBlock(this.#state, this.#carry | (word << bits));
    return finish(state, overflow(word, bits), bits, 0, 0, this.#length + 4);
  }
}

/** The last 0..6 bytes (the carry, then the key's tail) and the length. */
function finish(from: number, carry: number, bits: number, tail: number, tailBytes: number, length: number): number {
  let state = from;
  let rest = carry | (tail << bits);
  let restBits = bits + tailBytes * 8;
  if (restBits >= 32) {
    state = mixBlock(state, rest);
    rest = overflow(tail, bits);
    restBits -= 32;
  }
  if (restBits > 0) state ^= scramble(rest);
  state ^= length;
  state = Math.imul(state ^ (state >>> 16), 0x85ebca6b);
  state = Math.imul(state ^ (state >>> 13), 0xc2b2ae35);
  return (state ^ (state >>> 16)) >>> 0;
}

/** What of `block` does not fit after `bits` bits of carry. In two shifts, because one by 32 would be none. */
function overflow(block: number, bits: number): number {
  return (block >>> 1) >>> (31 - bits);
}

function blockAt(bytes: string, at: number): number {
  return (
    (bytes.charCodeAt(at) & 0xff) |
    ((bytes.charCodeAt(at + 1) & 0xff) << 8) |
    ((bytes.charCodeAt(at + 2) & 0xff) << 16) |
    (bytes.charCodeAt(at + 3) << 24)
  );
}

/** The 0..3 bytes from `at` to the end. */
function tailAt(bytes: string, at: number): number {
  let tail = 0;
  for (let i = bytes.length - 1; i >= at; i--) tail = (tail << 8) | (bytes.charCodeAt(i) & 0xff);
  return tail;
}

function mixBlock(state: number, block: number): number {
  const mixed = state ^ scramble(block);
  return (Math.imul((mixed << 13) | (mixed >>> 19), 5) + 0xe6546b64) | 0;
}

function scramble(block: number): number {
  const mixed = Math.imul(block, 0xcc9e2d51);
  return Math.imul((mixed << 15) | (mixed >>> 17), 0x1b873593);
}
