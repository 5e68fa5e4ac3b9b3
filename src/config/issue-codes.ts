/**
 * Every code that a problem in a configuration can have, with its meaning in one line. Codes are stable: programs and
 * docs/errors.md are held against this table.
 */
export const ISSUE_CODES = {
  // the text
  'yaml-syntax': 'The file is not well-formed YAML.',
  'file-too-large': 'A configuration file is larger than 16 MiB.',
  'too-deep': 'Lists and maps are nested more than 64 deep.',
  'alias-bound': 'Anchors and aliases are used more than a small bound allows, or an alias names no earlier anchor.',
  'merge-key': 'The merge key `<<` is not part of the language.',
  'yaml-tag': 'Tags (`!name`) are not part of the language.',
  'several-documents': 'A file holds more than one YAML document.',
  'duplicate-key': 'A key is written twice in one map.',
  'forbidden-key': 'A key has a name that is never allowed: __proto__, constructor, prototype.',
  // biome-ignore lint/suspicious/noTemplateCurlyInString: it is how references are written
  'bad-reference': 'A ${env:NAME} or ${file:PATH} is unset, empty, unreadable or malformed.',
  // the shape
  'unknown-key': 'A key has no meaning at its place.',
  'missing-key': 'A required key is absent.',
  'not-supported-yet': 'The key belongs to the language, but this version of Graygate does not have it yet.',
  'wrong-type': 'A list, a map or a text stands where another of them is expected.',
  'no-value': 'A key stands there without a value.',
  'empty-list': 'A list or a map has nothing in it where at least one entry is needed.',
  'bad-value': 'A value is not one of those allowed at its place.',
  'bad-number': 'A number is malformed or out of range.',
  'bad-duration': 'A duration is malformed or out of range.',
  'bad-size': 'A size is malformed or out of range.',
  'bad-percent': 'A percentage is malformed or outside 0..100.',
  'bad-weight': 'A weight is malformed or negative.',
  'bad-name': 'A name is empty, too long or has characters that are not allowed.',
  'one-of': 'Exactly one of several keys must be given.',
  // the values
  'bad-address': 'A listener or admin address is not HOST:PORT.',
  'bad-url': 'An endpoint is not http://HOST:PORT or unix:/PATH.',
  'bad-host': 'A host or host pattern is malformed.',
  'bad-path': 'A path to match cannot be the path of a request.',
  'bad-method': 'A method is not a token.',
  'bad-header-name': 'A header name is not a token.',
  'bad-header-value': 'A header value holds CR, LF or NUL.',
  'managed-header': 'The header is written by the gateway itself and cannot be set, added or removed.',
  'bad-cookie-name': 'A cookie name is not a token.',
  'bad-cidr': 'A network is not an address or ADDRESS/BITS.',
  'bad-regex': 'A regular expression is malformed or cannot be run in linear time.',
  'list-unreadable': 'A list file cannot be read.',
  // the whole
  'duplicate-name': 'A name is given twice.',
  'duplicate-address': 'Two listeners, or a listener and admin, have one address.',
  'duplicate-endpoint': 'A version names the same endpoint twice.',
  'duplicate-mirror': 'A route or rule copies to one version twice.',
  'dangling-service': 'A service of that name does not exist.',
  'dangling-version': 'The service has no version of that name.',
  'dangling-switch': 'A switch of that name does not exist.',
  'missing-split': 'A route has no split, and its service has several versions.',
  'zero-weight': 'The weights sum to zero, so nobody would be served.',
  'percent-in-match': 'A percentage decides within a route and cannot decide which route.',
  'admin-without-tokens': 'The admin address is not loopback and there are no tokens.',
  // warnings
  'no-listener': 'There is no listener, so nothing is served.',
  'no-route': 'There is no route, so every request is answered 404.',
  'unreachable-route': 'An earlier route catches everything that this one would.',
  'unreachable-rule': 'An earlier rule of the route catches everything that this one would.',
  'choosable-sticky-key': 'Any client can choose this sticky key freely, and so its version.',
  'after-visitor-cookie': 'A sticky key after visitorCookie is never used, because a visitor always has that one.',
  'open-override': 'The override is honoured from everybody.',
  'override-reserved-version': 'A version is named like one of the words of an override.',
  'mirror-to-itself': 'The mirror copies to the only version that answers, so nothing is ever copied.',
  'fallback-to-itself': 'A route can only choose the version that is its fallback.',
  'method-case': 'Methods are case-sensitive, and this one is written in an unusual case.',
  'path-not-ascii': 'The path holds characters that travel percent-encoded, so it hardly ever matches.',
} as const;

export type IssueCode = keyof typeof ISSUE_CODES;
