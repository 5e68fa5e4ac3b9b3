import type { BodyReader } from '../body/body-reads.ts';
import { toByteString } from '../byte-string.ts';
import { readBody } from '../matching/body.ts';
import { cookieValue } from '../matching/cookie.ts';
import { queryValue } from '../matching/query.ts';
import type { RequestView } from '../request-view.ts';

/** Where a sticky key is looked for. Header names are lower case; `visitor-cookie` is minted when it is not there. */
export type StickySource =
  | { readonly kind: 'header'; readonly name: string }
  | { readonly kind: 'cookie'; readonly name: string }
  | { readonly kind: 'query'; readonly name: string }
  | { readonly kind: 'client-address' }
  /** A value in a body of at most `maxBytes`. */
  | { readonly kind: 'body'; readonly reader: BodyReader; readonly maxBytes: number }
  | { readonly kind: 'visitor-cookie'; readonly name: string };

/**
 * The first key that the sources give, as bytes: the same for one user id wherever it is carried. null: none has one (an
 * empty key is none); undefined: it lies in a body not read yet.
 */
export function readKey(sources: readonly StickySource[], request: RequestView): string | null | undefined {
  for (let i = 0; i < sources.length; i++) {
    const key = readSource(sources[i] as StickySource, request);
    if (key !== null) return key;
  }
  return null;
}

/** The key that one source gives; null: missing or empty; undefined: it lies in a body not read yet. */
export function readSource(source: StickySource, request: RequestView): string | null | undefined {
  if (source.kind === 'body') return bodyKey(source.reader, request, source.maxBytes);
  const key = sourceValue(source, request);
  return key === undefined || key === '' ? null : key;
}

/** The lower-case names of the header fields that the sources look at. */
export function headersOf(sources: readonly StickySource[]): readonly string[] {
  return sources.flatMap((source) => {
    if (source.kind === 'header') return [source.name];
    return source.kind === 'cookie' || source.kind === 'visitor-cookie' ? ['cookie'] : [];
  });
}

/** The source in the configuration's words: `header x-user-id`, `clientAddress`. */
export function sourceText(source: StickySource): string {
  switch (source.kind) {
    case 'client-address':
      return 'clientAddress';
    case 'body':
      return `body ${source.reader.text}`;
    case 'visitor-cookie':
      return `visitorCookie ${source.name}`;
    default:
      return `${source.kind} ${source.name}`;
  }
}

/** What cannot be read, is missing or is nobody's id (null, an object, a list) is no key. */
function bodyKey(reader: BodyReader, request: RequestView, maxBytes: number): string | null | undefined {
  const reading = readBody(reader, request, maxBytes);
  if (reading === 'unread') return undefined;
  if (reading.kind !== 'found' || reading.shape !== 'plain' || reading.bytes.length === 0) return null;
  return reading.text;
}

function sourceValue(source: Exclude<StickySource, { kind: 'body' }>, request: RequestView): string | undefined {
  switch (source.kind) {
    case 'header':
      return request.firstHeader(source.name);
    case 'query':
      return queryValue(request.query, toByteString(source.name));
    case 'client-address':
      return request.clientAddress;
    case 'cookie':
    case 'visitor-cookie':
      return cookieValue(request.header('cookie'), toByteString(source.name));
  }
}
