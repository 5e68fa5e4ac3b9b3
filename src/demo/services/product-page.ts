import type { IncomingHttpHeaders, RequestListener, ServerResponse } from 'node:http';
import { type ReviewsShown, renderProductPage } from './product-page-html.ts';
import type { ReviewsAnswer } from './reviews.ts';

const CALL_TIMEOUT_MS = 5_000;

/**
 * The `productpage` service: an HTML page that asks `reviews` through the gateway on every request and shows who answered.
 * `gatewayUrl` is asked for per request because the gateway starts after the services behind it.
 */
export function productPageService(gatewayUrl: () => string): RequestListener {
  return async (request, response) => {
    const url = new URL(request.url ?? '/', 'http://productpage');
    if (url.pathname === '/sign-in') signIn(response, url.searchParams.get('user') ?? '');
    else if (url.pathname === '/') await answerPage(gatewayUrl(), request.headers, response);
    else answerText(response, 404, 'Not found. The product page is at /.\n');
  };
}

async function answerPage(gatewayUrl: string, headers: IncomingHttpHeaders, response: ServerResponse): Promise<void> {
  const { shown, setCookies } = await askReviews(gatewayUrl, headers);
  const user = shownUser(headers);
  const page = renderProductPage({ user, reviews: shown });
  response.writeHead(200, {
    'content-type': 'text/html; charset=utf-8',
    'content-length': String(Buffer.byteLength(page)),
    'cache-control': 'no-store',
    // The visitor's cookie is minted on the call behind this page; handing it on keeps the browser with its version.
    ...(setCookies.length > 0 && { 'set-cookie': setCookies }),
  });
  response.end(page);
}

/** Calls reviews as a service behind the gateway does: who the user is travels along in the header and the cookie. */
async function askReviews(
  gatewayUrl: string,
  headers: IncomingHttpHeaders,
): Promise<{ shown: ReviewsShown; setCookies: string[] }> {
  const passedOn = new Headers();
  if (typeof headers['x-user'] === 'string') passedOn.set('x-user', headers['x-user']);
  if (headers.cookie !== undefined) passedOn.set('cookie', headers.cookie);
  try {
    const signal = AbortSignal.timeout(CALL_TIMEOUT_MS);
    const response = await fetch(`${gatewayUrl}/reviews/1`, { headers: passedOn, signal });
    const body = await response.text();
    if (!response.ok) throw new Error(`reviews answered ${response.status}`);
    const rule = response.headers.get('x-gray-rule') ?? '';
    const shown: ReviewsShown = { kind: 'answered', answer: JSON.parse(body) as ReviewsAnswer, rule };
    return { shown, setCookies: response.headers.getSetCookie() };
  } catch (error) {
    return {
      shown: { kind: 'failed', error: error instanceof Error ? error.message : String(error) },
      setCookies: [],
    };
  }
}

function signIn(response: ServerResponse, user: string): void {
  const known = /^[\w-]{1,32}$/.test(user);
  const cookie = known ? `user=${user}; Path=/; SameSite=Lax` : 'user=; Path=/; Max-Age=0; SameSite=Lax';
  response.writeHead(303, { location: '/', 'set-cookie': cookie, 'content-length': '0' });
  response.end();
}

function shownUser(headers: IncomingHttpHeaders): string {
  const header = headers['x-user'];
  if (typeof header === 'string' && header !== '') return header;
  return /(?:^|;\s*)user=([^;]*)/.exec(headers.cookie ?? '')?.[1] ?? '';
}

function answerText(response: ServerResponse, status: number, text: string): void {
  response.writeHead(status, {
    'content-type': 'text/plain; charset=utf-8',
    'content-length': String(Buffer.byteLength(text)),
  });
  response.end(text);
}
