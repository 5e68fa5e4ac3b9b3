import { readContentType } from '../body/content-type.ts';
import { fromByteString } from '../byte-string.ts';
import { parseJson } from './json-document.ts';

/** An answer as it came, held whole. */
export interface WholeAnswer {
  readonly status: number;
  /** Field lines, CRLF at the end of each; a byte string. */
  readonly fieldLines: string;
  /** Content-Encoding undone; bytes that could not be decoded stay as they came. */
  readonly body: Uint8Array;
}

/** An answer that is being compared: each way of looking at it is worked out at most once. */
export class ComparedAnswer {
  readonly status: number;
  readonly body: Uint8Array;
  readonly #fieldLines: string;
  #headers: ReadonlyMap<string, string> | null = null;
  #json: { readonly value: unknown } | null = null;

  constructor({ status, fieldLines, body }: WholeAnswer) {
    this.status = status;
    this.#fieldLines = fieldLines;
    this.body = body;
  }

  /** Values by lower-case name, several lines joined by ', '. */
  get headers(): ReadonlyMap<string, string> {
    this.#headers ??= headersOf(this.#fieldLines);
    return this.#headers;
  }

  /** The body as a JSON value; undefined when it is none. */
  get json(): unknown {
    this.#json ??= { value: this.#readJson() };
    return this.#json.value;
  }

  #readJson(): unknown {
    const { kind, charset } = readContentType(this.headers.get('content-type') ?? '');
    const text = kind === 'json' && charset !== null ? charset.decode(this.body) : null;
    return text === null ? undefined : parseJson(text);
  }
}

function headersOf(lines: string): ReadonlyMap<string, string> {
  const headers = new Map<string, string>();
  for (const line of lines.split('\r\n')) {
    const colonAt = line.indexOf(':');
    if (colonAt <= 0) continue;
    const name = line.slice(0, colonAt).toLowerCase();
    const value = fromByteString(line.slice(colonAt + 1).replace(/^[ \t]+|[ \t]+$/g, ''));
    const before = headers.get(name);
    headers.set(name, before === undefined ? value : `${before}, ${value}`);
  }
  return headers;
}
