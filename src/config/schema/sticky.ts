import { z } from 'zod';
import type { BalanceConfig, StickyConfig } from '../model.ts';
import { NOT_SUPPORTED_YET } from '../not-supported-yet.ts';
import { bodyKey } from './body.ts';
import { cookieName, headerName, queryName } from './names.ts';
import { problem } from './problem.ts';
import { flag, oneWord } from './scalars.ts';
import { onlyKey, refuse, section } from './shape.ts';

const keyMapShape = section(
  'a sticky key',
  {
    header: headerName.optional().describe('The value of this header, its first line.'),
    cookie: cookieName.optional().describe('The value of this cookie, percent-decoded once.'),
    query: queryName.optional().describe('The first value of this query parameter, percent-decoded once.'),
    body: bodyKey.optional().describe('A value in the body.'),
    clientAddress: flag.optional().describe('The address of the client.'),
    visitorCookie: cookieName.optional().describe('A cookie that is minted for whoever comes without it.'),
  },
  NOT_SUPPORTED_YET.sticky,
);

const keyMap = keyMapShape.transform(oneSource);

const word = oneWord(['clientAddress']).transform((): StickyConfig => ({ kind: 'client-address' }));

const source = z.union([word, keyMap]);

/** A source, or a list of which the first present wins. */
export const sticky = z.union([source, z.array(source)]).transform((given) => (Array.isArray(given) ? given : [given]));

function oneSource(given: z.output<typeof keyMapShape>, context: z.RefinementCtx): StickyConfig {
  const kind = onlyKey<keyof typeof given>(given, context, 'a sticky key');
  switch (kind) {
    case null:
      return z.NEVER;
    case 'body':
      return given.body!;
    case 'clientAddress':
      if (given.clientAddress === false)
        return refuse(context, problem('bad-value', 'clientAddress can only be true'), [kind]);
      return { kind: 'client-address' };
    case 'visitorCookie':
      return { kind: 'visitor-cookie', name: given.visitorCookie! };
    default:
      return { kind, name: given[kind]! };
  }
}

const hashed = section('balance', { hash: source.describe('Requests with one key go to one endpoint.') }).transform(
  ({ hash }, context): BalanceConfig => {
    if (hash.kind === 'visitor-cookie')
      return refuse(context, problem('bad-value', 'visitorCookie chooses a version, never an endpoint'), ['hash']);
    if (hash.kind === 'body')
      return refuse(context, problem('bad-value', 'a body is read to choose a version, never an endpoint'), ['hash']);
    return { kind: 'hash', source: hash };
  },
);

const plainBalance = oneWord(['round-robin', 'least-request', 'random']).transform((kind): BalanceConfig => ({ kind }));

export const balance = z.union([plainBalance, hashed]);
