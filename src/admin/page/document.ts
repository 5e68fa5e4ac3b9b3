import { createHash } from 'node:crypto';
import { Html, html } from './html.ts';
import { STYLE } from './style.ts';

/**
 * Keeps the page fresh, and signs in where tokens are set. The token lives in this tab's sessionStorage and leaves only in
 * the Authorization header. What is put into the page comes from this server, escaped there.
 */
const SCRIPT = `
'use strict';
(() => {
  const view = document.getElementById('view');
  const form = document.getElementById('sign-in');
  const notice = document.getElementById('notice');
  const key = 'graygate-token';
  let timer = 0;
  const show = (isSignedIn, text) => {
    form.hidden = isSignedIn;
    if (!isSignedIn) view.replaceChildren();
    notice.textContent = text;
    notice.hidden = text === '';
  };
  const again = (ms) => { clearTimeout(timer); timer = setTimeout(refresh, ms); };
  async function refresh() {
    const token = sessionStorage.getItem(key);
    if (document.hidden) return again(2000);
    try {
      const headers = token === null ? {} : { authorization: 'Bearer ' + token };
      const answer = await fetch('/page/overview', { headers, credentials: 'omit', signal: AbortSignal.timeout(8000) });
      if (answer.status === 401) {
        sessionStorage.removeItem(key);
        return show(false, token === null ? '' : 'This token is not accepted.');
      }
      if (!answer.ok) throw new Error(String(answer.status));
      const text = await answer.text();
      const page = new DOMParser().parseFromString(text, 'text/html');
      view.replaceChildren(...page.body.childNodes);
      show(true, '');
    } catch {
      notice.textContent = 'No answer from the gateway: what is shown may be old.';
      notice.hidden = false;
    }
    again(2000);
  }
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    sessionStorage.setItem(key, form.elements.token.value.trim());
    form.reset();
    refresh();
  });
  document.addEventListener('visibilitychange', () => { if (!document.hidden && form.hidden) again(0); });
  if (form.hidden) again(2000);
  else if (sessionStorage.getItem(key) !== null) refresh();
})();
`;

/** Allows this page's own style and script, by hash, and fetching from where it came from; nothing else. */
export const PAGE_CSP = [
  "default-src 'none'",
  `script-src '${hashOf(SCRIPT)}'`,
  `style-src '${hashOf(STYLE)}'`,
  "connect-src 'self'",
  "img-src 'none'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

/** The page around `content`; null: its reader must sign in first. */
export function renderDocument(content: Html | null): string {
  const mayReload = content === null ? '' : html`<noscript><meta http-equiv="refresh" content="5"></noscript>`;
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
${mayReload}
<title>Graygate</title>
<style>${new Html(STYLE)}</style>
</head>
<body>
<p id="notice" role="status" hidden></p>
<form id="sign-in" ${content === null ? '' : 'hidden'}>
<h1>Graygate</h1>
<label for="token">Viewer or operator token</label>
<input id="token" name="token" type="password" autocomplete="off" required autofocus>
<button>Show status</button>
<noscript><p>Signing in needs JavaScript.</p></noscript>
</form>
<div id="view">${content ?? ''}</div>
<script>${new Html(SCRIPT)}</script>
</body>
</html>
`.html;
}

function hashOf(text: string): string {
  return `sha256-${createHash('sha256').update(text).digest('base64')}`;
}
