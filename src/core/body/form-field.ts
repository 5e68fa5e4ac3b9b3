import { percentDecode, toByteString } from '../byte-string.ts';
import { queryValue } from '../matching/query.ts';
import { asUtf8, type Charset } from './charset.ts';
import { latin1 } from './latin1.ts';
import { ABSENT, BAD_CHARSET, type BodyReading, FoundValue } from './reading.ts';

/** Finds fields in forms (application/x-www-form-urlencoded, as the URL standard parses them): the first of a name counts. */
export class FormField {
  /** In UTF-8, and, where the form may come in another charset, as a text. */
  readonly #name: string;

  constructor(name: string) {
    this.#name = toByteString(name);
  }

  read({ text }: FoundValue, charset: Charset): BodyReading {
    const sent = charset.name === 'utf-8' ? queryValue(text, this.#name) : this.#valueIn(text, charset);
    if (sent === undefined) return ABSENT;
    const bytes = asUtf8(sent, charset);
    return bytes === null ? BAD_CHARSET : new FoundValue(bytes);
  }

  /** As `queryValue`, for names that have to be read in the form's charset first. */
  #valueIn(form: string, charset: Charset): string | undefined {
    for (const pair of form.split('&')) {
      const equals = pair.indexOf('=');
      const name = asUtf8(percentDecode(equals < 0 ? pair : pair.slice(0, equals), true), charset);
      if (pair !== '' && name !== null && latin1(name) === this.#name) {
        return equals < 0 ? '' : percentDecode(pair.slice(equals + 1), true);
      }
    }
    return undefined;
  }
}
