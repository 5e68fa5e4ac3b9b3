import { type Charset, charsetOf } from './charset.ts';

/** What a Content-Type says about how a body is to be read (RFC 9110 8.3). */
export interface ContentType {
  /** `json`: application/json or application/*+json; `form`: application/x-www-form-urlencoded; other: anything else, or nothing. */
  readonly kind: 'json' | 'form' | 'other';
  /** UTF-8 unless the charset parameter names another; null: it names one that nobody knows. */
  readonly charset: Charset | null;
}

const JSON_TYPE = /^application\/(?:json|[!#$%&'*+.^_`|~0-9a-z-]+\+json)$/;
const CHARSET = /;\s*charset\s*=\s*(?:"([^"\\]*)"|([^\s;"]+))/i;
const utf8 = charsetOf('utf-8');

let lastText = '';
let lastType: ContentType = { kind: 'other', charset: utf8 };

/** Reads a Content-Type; the one read last is remembered, since clients of one route tend to send the same. */
export function readContentType(text: string): ContentType {
  if (text !== lastText) {
    lastType = parseContentType(text);
    lastText = text;
  }
  return lastType;
}

function parseContentType(text: string): ContentType {
  const semicolon = text.indexOf(';');
  const type = (semicolon < 0 ? text : text.slice(0, semicolon)).trim().toLowerCase();
  const kind = JSON_TYPE.test(type) ? 'json' : type === 'application/x-www-form-urlencoded' ? 'form' : 'other';
  const parameter = semicolon < 0 ? null : CHARSET.exec(text);
  return { kind, charset: parameter === null ? utf8 : charsetOf(parameter[1] ?? parameter[2] ?? '') };
}
