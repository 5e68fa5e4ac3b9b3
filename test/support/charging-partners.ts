import { createCipheriv, createHmac, timingSafeEqual } from 'node:crypto';
import { type HttpOrigin, httpOrigin } from './http-origin.ts';

/** Operators of charging piles that call back, and the services that take the calls: what both have agreed upon. */

const SIGNING_KEY = 'agreed with the partner';
export const PARTNER_THREE_KEY = '1234567890abcdef';
export const PARTNER_THREE_IV = 'fedcba0987654321';

export type Partner = 'json' | 'form' | 'sealed';

export interface Callback {
  readonly id: string;
  readonly partner: Partner;
  readonly pile: string;
  readonly user: string;
}

/** What a service took, in order. */
export interface Taken {
  readonly id: string;
  readonly version: string;
  readonly isSigned: boolean;
}

function signatureOf(body: Uint8Array | string): string {
  return createHmac('sha256', SIGNING_KEY).update(body).digest('hex');
}

/** The bytes that a partner sends; blanks, order and escapes as that partner writes them. */
function bodyOf({ id, partner, pile, user }: Callback): { readonly body: string; readonly type: string } {
  switch (partner) {
    case 'json':
      return {
        type: 'application/json;charset=UTF-8',
        body: `{ "Seq":"${id}","ConnectorID" : ${pile}, "Status":2,\n "UserID":"${user}", "备注":"\\u7535桩" }`,
      };
    case 'form':
      return {
        type: 'application/x-www-form-urlencoded',
        body: `seq=${id}&connector_id=${pile}&user_id=${user}&note=%E7%94%B5+1`,
      };
    case 'sealed': {
      const cipher = createCipheriv('aes-128-cbc', PARTNER_THREE_KEY, PARTNER_THREE_IV);
      const data = cipher.update(JSON.stringify({ ConnectorID: pile, UserID: user }));
      const sealed = Buffer.concat([data, cipher.final()]).toString('base64');
      return {
        type: 'application/json',
        body: JSON.stringify({ OperatorID: '395815801', Data: sealed, TimeStamp: '20261122180000', Seq: id }),
      };
    }
  }
}

/** Sends a callback until it is taken, as partners do; gives the number of tries. Throws when it never is. */
export async function callBack(url: string, callback: Callback, mostTries = 5): Promise<number> {
  const { body, type } = bodyOf(callback);
  const headers = { 'content-type': type, 'x-signature': signatureOf(body), 'x-seq': callback.id };
  for (let tries = 1; tries <= mostTries; tries++) {
    const answer = await fetch(`${url}/callback/${callback.partner}`, { method: 'POST', headers, body });
    await answer.arrayBuffer();
    if (answer.status === 200) return tries;
  }
  throw new Error(`callback ${callback.id} was lost`);
}

/** A version of the callback service: takes what is signed, refuses what is not, and notes both. */
export function callbackService(version: string, taken: Taken[]): Promise<HttpOrigin> {
  return httpOrigin((request, response) => {
    const pieces: Buffer[] = [];
    request.on('data', (piece: Buffer) => pieces.push(piece));
    request.on('end', () => {
      const expected = Buffer.from(signatureOf(Buffer.concat(pieces)));
      const given = Buffer.from(String(request.headers['x-signature']));
      const isSigned = given.length === expected.length && timingSafeEqual(given, expected);
      taken.push({ id: String(request.headers['x-seq']), version, isSigned });
      response.writeHead(isSigned ? 200 : 401, { 'x-version': version }).end('{"Ret":0}');
    });
  });
}
