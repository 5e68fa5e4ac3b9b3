import { HEX_VALUES } from './hex-digits.ts';
import { OCTETS, TOKEN, VALUE } from './octets.ts';
import { isForbiddenTrailer } from './trailer-fields.ts';

/** Takes the payload. The span is a view of the bytes handed to `decode`: whoever keeps it past the call copies it. */
export interface ChunkSink {
  data(bytes: Uint8Array, from: number, to: number): void;
}

/** Why a chunked message was refused; '' while nothing is wrong. All are the sender's fault. */
export type ChunkError =
  | ''
  | 'bad-chunk-size'
  | 'bad-chunk-extension'
  | 'chunk-extensions-too-large'
  | 'bad-chunk-end'
  | 'bad-trailer'
  | 'trailers-too-large';

const MAX_SIZE_DIGITS = 16;
/** Over all chunks of one message: extensions carry nothing that is used, so nobody has a reason to send many. */
const MAX_EXTENSION_BYTES = 16 * 1024;
const MAX_TRAILER_BYTES = 16 * 1024;
const MAX_TRAILER_LINES = 100;

// What the next octet must be part of.
const SIZE = 0;
const EXTENSION_NAME_START = 1;
const EXTENSION_NAME = 2;
const EXTENSION_VALUE_START = 3;
const EXTENSION_TOKEN = 4;
const EXTENSION_QUOTED = 5;
const EXTENSION_ESCAPED = 6;
const EXTENSION_CLOSED = 7;
const SIZE_LF = 8;
const DATA = 9;
const DATA_CR = 10;
const DATA_LF = 11;
const TRAILER_START = 12;
const TRAILER_NAME = 13;
const TRAILER_VALUE = 14;
const TRAILER_LF = 15;
const END_LF = 16;
const DONE = 17;
const FAILED = 18;

const HTAB = 0x09;
const LF = 0x0a;
const CR = 0x0d;
const SP = 0x20;
const DQUOTE = 0x22;
const COLON = 0x3a;
const SEMICOLON = 0x3b;
const EQUALS = 0x3d;
const BACKSLASH = 0x5c;

/**
 * Decodes one chunked message at a time (RFC 9112 7.1), whatever the boundaries at which its octets arrive. Stricter than
 * the grammar where leniency has been used to smuggle: no blanks around sizes and extensions, CRLF and nothing else as a
 * line end. Extensions are checked and dropped. It never throws: a fault ends in the state `failed` with its code.
 */
export class ChunkedDecoder {
  error: ChunkError = '';
  /** Checked trailer lines to forward, each `Name: value` with its CRLF, latin1; forbidden ones are left out. Whole when `done`. */
  trailers = '';
  private step = SIZE;
  private remaining = 0;
  private digits = 0;
  private extensionBytes = 0;
  private trailerBytes = 0;
  private trailerLines = 0;
  private line = '';
  private colon = 0;
  private nominated: ReadonlySet<string> | null = null;

  get state(): 'open' | 'done' | 'failed' {
    return this.step < DONE ? 'open' : this.step === DONE ? 'done' : 'failed';
  }

  /** Makes ready for the next message. `nominated`: lower-case names listed in its Connection field, no trailers either. */
  reset(nominated: ReadonlySet<string> | null = null): void {
    this.error = '';
    this.trailers = '';
    this.step = SIZE;
    this.remaining = 0;
    this.digits = 0;
    this.extensionBytes = 0;
    this.trailerBytes = 0;
    this.trailerLines = 0;
    this.line = '';
    this.nominated = nominated;
  }

  /** Takes octets [start, end); gives the index after the last one that belongs to the message, or of the offending one. */
  decode(bytes: Uint8Array, start: number, end: number, sink: ChunkSink): number {
    let at = start;
    while (at < end && this.step < DONE) {
      if (this.step === DATA) {
        const to = end - at < this.remaining ? end : at + this.remaining;
        this.remaining -= to - at;
        if (this.remaining === 0) this.step = DATA_CR;
        sink.data(bytes, at, to);
        at = to;
        continue;
      }
      const octet = bytes[at]!;
      if (this.step >= TRAILER_START) this.takeTrailerOctet(octet);
      else if (this.step >= EXTENSION_NAME_START && this.step <= EXTENSION_CLOSED) this.takeExtensionOctet(octet);
      else this.takeFrameOctet(octet);
      if (this.error !== '') return at;
      at++;
    }
    return at;
  }

  private fail(error: ChunkError): void {
    this.error = error;
    this.step = FAILED;
  }

  private takeFrameOctet(octet: number): void {
    if (this.step === SIZE) this.takeSizeOctet(octet);
    else if (this.step === SIZE_LF) this.endSizeLine(octet);
    else if (this.step === DATA_CR) {
      if (octet === CR) this.step = DATA_LF;
      else this.fail('bad-chunk-end');
    } else if (octet === LF) {
      this.step = SIZE;
      this.digits = 0;
    } else this.fail('bad-chunk-end');
  }

  private takeSizeOctet(octet: number): void {
    const digit = HEX_VALUES[octet]!;
    if (digit >= 0) {
      this.remaining = this.remaining * 16 + digit;
      if (++this.digits > MAX_SIZE_DIGITS || this.remaining > Number.MAX_SAFE_INTEGER) this.fail('bad-chunk-size');
    } else if (this.digits === 0) this.fail('bad-chunk-size');
    else if (octet === CR) this.step = SIZE_LF;
    else if (octet === SEMICOLON) this.beginExtension();
    else this.fail('bad-chunk-size');
  }

  private endSizeLine(octet: number): void {
    if (octet !== LF) this.fail('bad-chunk-size');
    else this.step = this.remaining === 0 ? TRAILER_START : DATA;
  }

  private beginExtension(): void {
    this.step = EXTENSION_NAME_START;
    this.countExtensionOctet();
  }

  private countExtensionOctet(): void {
    if (++this.extensionBytes > MAX_EXTENSION_BYTES) this.fail('chunk-extensions-too-large');
  }

  /** chunk-ext = *( ";" token [ "=" ( token / quoted-string ) ] ) */
  private takeExtensionOctet(octet: number): void {
    const step = this.step;
    if (step === EXTENSION_QUOTED || step === EXTENSION_ESCAPED) this.takeQuotedOctet(octet);
    else if (step !== EXTENSION_CLOSED && (OCTETS[octet]! & TOKEN) !== 0) {
      if (step === EXTENSION_NAME_START) this.step = EXTENSION_NAME;
      else if (step === EXTENSION_VALUE_START) this.step = EXTENSION_TOKEN;
    } else if (step === EXTENSION_VALUE_START && octet === DQUOTE) this.step = EXTENSION_QUOTED;
    else if (step === EXTENSION_NAME && octet === EQUALS) this.step = EXTENSION_VALUE_START;
    else if (step === EXTENSION_NAME_START || step === EXTENSION_VALUE_START) this.fail('bad-chunk-extension');
    else if (octet === SEMICOLON) this.step = EXTENSION_NAME_START;
    else if (octet === CR) {
      this.step = SIZE_LF;
      return;
    } else this.fail('bad-chunk-extension');
    if (this.error === '') this.countExtensionOctet();
  }

  private takeQuotedOctet(octet: number): void {
    if ((OCTETS[octet]! & VALUE) === 0) this.fail('bad-chunk-extension');
    else if (this.step === EXTENSION_ESCAPED) this.step = EXTENSION_QUOTED;
    else if (octet === DQUOTE) this.step = EXTENSION_CLOSED;
    else if (octet === BACKSLASH) this.step = EXTENSION_ESCAPED;
  }

  private takeTrailerOctet(octet: number): void {
    if (this.step === TRAILER_START && octet === CR) this.step = END_LF;
    else if (this.step === END_LF) {
      if (octet === LF) this.step = DONE;
      else this.fail('bad-trailer');
    } else if (++this.trailerBytes > MAX_TRAILER_BYTES) this.fail('trailers-too-large');
    else if (this.step === TRAILER_LF) {
      if (octet === LF) this.endTrailerLine();
      else this.fail('bad-trailer');
    } else if (this.step === TRAILER_VALUE) this.takeTrailerValueOctet(octet);
    else this.takeTrailerNameOctet(octet);
  }

  private takeTrailerNameOctet(octet: number): void {
    if ((OCTETS[octet]! & TOKEN) !== 0) this.step = TRAILER_NAME;
    else if (this.step === TRAILER_NAME && octet === COLON) {
      this.step = TRAILER_VALUE;
      this.colon = this.line.length;
    } else {
      // Also a line that begins with a blank: obsolete folding is refused (RFC 9112 5.2).
      this.fail('bad-trailer');
      return;
    }
    this.line += String.fromCharCode(octet);
  }

  private takeTrailerValueOctet(octet: number): void {
    if (octet === CR) this.step = TRAILER_LF;
    else if ((OCTETS[octet]! & VALUE) === 0) this.fail('bad-trailer');
    else this.line += String.fromCharCode(octet);
  }

  private endTrailerLine(): void {
    this.step = TRAILER_START;
    if (++this.trailerLines > MAX_TRAILER_LINES) {
      this.fail('trailers-too-large');
      return;
    }
    const name = this.line.slice(0, this.colon);
    const lowerName = name.toLowerCase();
    if (!isForbiddenTrailer(lowerName) && this.nominated?.has(lowerName) !== true) {
      this.trailers += `${name}: ${trimBlanks(this.line.slice(this.colon + 1))}\r\n`;
    }
    this.line = '';
  }
}

/** Cuts SP and HTAB off both ends: no other white space, and no octet above 0x7f, is a blank on the wire. */
function trimBlanks(value: string): string {
  let from = 0;
  let to = value.length;
  while (from < to && isBlank(value.charCodeAt(from))) from++;
  while (to > from && isBlank(value.charCodeAt(to - 1))) to--;
  return value.slice(from, to);
}

function isBlank(octet: number): boolean {
  return octet === SP || octet === HTAB;
}
