/** An address as four 32-bit words, high first. IPv4 has its number in `w3`; IPv4-mapped IPv6 is IPv4. */
export interface Address {
  readonly family: 4 | 6;
  readonly w0: number;
  readonly w1: number;
  readonly w2: number;
  readonly w3: number;
}

const COLON = 0x3a;
const DOT = 0x2e;
const MAPPED_WORD = 0xffff;

// Filled by one parse and read out before the next: parsing an address for a lookup costs no memory.
const groups = new Uint16Array(8);

/** Reads an address (RFC 4291, 2.2; dotted IPv4 without leading zeros), without brackets, zone or port. null: not one. */
export function parseAddress(text: string): Address | null {
  const words = new Uint32Array(4);
  const family = readAddress(text, words);
  if (family === 0) return null;
  return { family, w0: words[0] as number, w1: words[1] as number, w2: words[2] as number, w3: words[3] as number };
}

/** As `parseAddress`, into four words; 0: not an address. */
export function readAddress(text: string, words: Uint32Array): 0 | 4 | 6 {
  const family = readAsWritten(text, words);
  if (family !== 6 || !isMapped(words)) return family;
  words[2] = 0;
  return 4;
}

/** As `readAddress`, but IPv4-mapped IPv6 stays IPv6. */
export function readAsWritten(text: string, words: Uint32Array): 0 | 4 | 6 {
  if (text.includes(':')) {
    if (!readGroups(text)) return 0;
    for (let i = 0; i < 4; i++) words[i] = (groups[2 * i] as number) * 65536 + (groups[2 * i + 1] as number);
    return 6;
  }
  const number = readDotted(text, 0);
  if (number < 0) return 0;
  words.fill(0, 0, 3);
  words[3] = number;
  return 4;
}

export function isMapped(words: Uint32Array): boolean {
  return words[0] === 0 && words[1] === 0 && words[2] === MAPPED_WORD;
}

/** The one text of an address: RFC 5952, and dotted for IPv4. */
export function formatAddress(address: Address): string {
  const { w0, w1, w2, w3 } = address;
  if (address.family === 4) return `${w3 >>> 24}.${(w3 >>> 16) & 255}.${(w3 >>> 8) & 255}.${w3 & 255}`;
  const parts = [w0, w1, w2, w3].flatMap((word) => [word >>> 16, word & 0xffff]);
  const gap = longestZeros(parts);
  const hex = parts.map((part) => part.toString(16));
  if (gap.length < 2) return hex.join(':');
  return `${hex.slice(0, gap.start).join(':')}::${hex.slice(gap.start + gap.length).join(':')}`;
}

/** The first of the longest runs of zero groups (RFC 5952, 4.2.3). */
function longestZeros(parts: readonly number[]): { start: number; length: number } {
  let best = { start: 0, length: 0 };
  for (let start = 0; start < parts.length; start++) {
    let end = start;
    while (parts[end] === 0) end++;
    if (end - start > best.length) best = { start, length: end - start };
  }
  return best;
}

/** The number of dotted decimal IPv4 that begins at `from` and ends with the text; -1 when it is none. */
function readDotted(text: string, from: number): number {
  let number = 0;
  let at = from;
  for (let octet = 0; octet < 4; octet++) {
    if (octet > 0 && text.charCodeAt(at++) !== DOT) return -1;
    const start = at;
    let value = 0;
    while (at < text.length && at - start < 3 && isDigit(text.charCodeAt(at))) {
      value = value * 10 + text.charCodeAt(at++) - 0x30;
    }
    const hasLeadingZero = at - start > 1 && text.charCodeAt(start) === 0x30;
    if (at === start || value > 255 || hasLeadingZero) return -1;
    number = number * 256 + value;
  }
  return at === text.length ? number : -1;
}

/** Reads IPv6 into `groups`. */
function readGroups(text: string): boolean {
  let count = 0;
  let gap = -1;
  let at = 0;
  if (text.startsWith('::')) {
    gap = 0;
    at = 2;
  }
  while (at < text.length) {
    const start = at;
    const value = hexAt(text, at);
    if (value < 0 || count === 8) return false;
    at = hexEnd(text, at);
    if (text.charCodeAt(at) === DOT) {
      count = pushDotted(text, start, count);
      if (count < 0) return false;
      break;
    }
    groups[count++] = value;
    if (at === text.length) break;
    if (text.charCodeAt(at++) !== COLON || at === text.length) return false;
    if (text.charCodeAt(at) === COLON) {
      if (gap >= 0) return false;
      gap = count;
      at++;
    }
  }
  return closeGap(count, gap);
}

/** The last two groups as dotted IPv4; the new count, -1 when they are not. */
function pushDotted(text: string, start: number, count: number): number {
  const number = readDotted(text, start);
  if (number < 0 || count > 6) return -1;
  groups[count] = number >>> 16;
  groups[count + 1] = number & 0xffff;
  return count + 2;
}

/** Moves the groups after `::` to the end, zeros between; false when the count does not fit. */
function closeGap(count: number, gap: number): boolean {
  if (gap < 0) return count === 8;
  if (count > 7) return false;
  const after = count - gap;
  groups.copyWithin(8 - after, gap, count);
  groups.fill(0, gap, 8 - after);
  return true;
}

/** The 1..4 hexadecimal digits at `at` as a number; -1 when there is none or one too many. */
function hexAt(text: string, at: number): number {
  const end = hexEnd(text, at);
  if (end === at || end - at > 4) return -1;
  let value = 0;
  for (let i = at; i < end; i++) {
    const unit = text.charCodeAt(i);
    value = value * 16 + (isDigit(unit) ? unit - 0x30 : (unit | 0x20) - 0x57);
  }
  return value;
}

function hexEnd(text: string, at: number): number {
  let end = at;
  while (end < text.length && end - at < 5) {
    const unit = text.charCodeAt(end);
    const lower = unit | 0x20;
    if (!isDigit(unit) && !(lower >= 0x61 && lower <= 0x66)) break;
    end++;
  }
  return end;
}

function isDigit(unit: number): boolean {
  return unit >= 0x30 && unit <= 0x39;
}
