import type { Review, ReviewsAnswer } from './reviews.ts';

/** What the call to reviews brought. `rule` is '' when no rule caught the request. */
export type ReviewsShown =
  | { readonly kind: 'answered'; readonly answer: ReviewsAnswer; readonly rule: string }
  | { readonly kind: 'failed'; readonly error: string };

export interface ProductPage {
  /** '' when nobody is signed in. */
  readonly user: string;
  readonly reviews: ReviewsShown;
}

/** The product page: one HTML document that needs nothing from elsewhere. */
export function renderProductPage(page: ProductPage): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<link rel="icon" href="data:,">
<title>The Comedy of Errors</title>
<style>${STYLE}</style>
</head>
<body>
<header><strong>Bookshop</strong>${signInLinks(page.user)}</header>
<main>
<h1>The Comedy of Errors</h1>
<p class="summary">Two pairs of twins, one town, and nobody who knows which of them answered. One of Shakespeare's early plays, and his shortest.</p>
<h2>Reviews ${versionBadge(page.reviews)}</h2>
${reviewsSection(page.reviews)}
<section class="try">
<h2>Who gets which version?</h2>
<p>This page asks <code>reviews</code> through the gateway each time it is loaded. Your cookie keeps you with your version.
The button sends 100 requests as 100 new visitors.</p>
<button id="ask" type="button">Ask 100 times</button>
<output id="shares" aria-live="polite"></output>
</section>
</main>
<script>${SCRIPT}</script>
</body>
</html>
`;
}

function signInLinks(user: string): string {
  if (user === '') return '<nav>not signed in &middot; <a href="/sign-in?user=jason">sign in as jason</a></nav>';
  return `<nav>signed in as <b>${escapeHtml(user)}</b> &middot; <a href="/sign-in">sign out</a></nav>`;
}

function versionBadge(reviews: ReviewsShown): string {
  if (reviews.kind === 'failed') return '';
  const why = reviews.rule === '' ? 'by the split' : `by the rule ${escapeHtml(reviews.rule)}`;
  return `<span class="badge ${escapeHtml(reviews.answer.version)}">${escapeHtml(reviews.answer.version)}, ${why}</span>`;
}

function reviewsSection(reviews: ReviewsShown): string {
  if (reviews.kind === 'failed')
    return `<p class="failed">Reviews cannot be shown now: ${escapeHtml(reviews.error)}.</p>`;
  return `<div class="reviews">${reviews.answer.reviews.map(reviewCard).join('')}</div>`;
}

function reviewCard({ reviewer, text, rating }: Review): string {
  const stars =
    rating === undefined
      ? ''
      : `<div class="stars" style="color:${escapeHtml(rating.color)}" aria-label="${rating.stars} of 5 stars">${'★'.repeat(rating.stars)}${'☆'.repeat(5 - rating.stars)}</div>`;
  return `<figure><blockquote>${escapeHtml(text)}</blockquote>${stars}<figcaption>${escapeHtml(reviewer)}</figcaption></figure>`;
}

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}

const STYLE = `
:root{color-scheme:light;font:16px/1.5 system-ui,sans-serif;color:#1d2430;background:#f4f5f7}
body{margin:0}header{display:flex;justify-content:space-between;padding:.8rem 1.5rem;background:#1d2430;color:#fff}
header a{color:#9ecbff}main{max-width:46rem;margin:1.5rem auto;padding:0 1.5rem}h1{margin-bottom:.2rem}.summary{color:#4a5568}
.badge{font-size:.8rem;font-weight:600;padding:.2rem .6rem;border-radius:1rem;background:#dde1e7;vertical-align:middle}
.badge.v2{background:#1d2430;color:#fff}.badge.v3{background:#c22;color:#fff}
.reviews{display:grid;grid-template-columns:repeat(auto-fit,minmax(16rem,1fr));gap:1rem}
figure{margin:0;padding:1rem;background:#fff;border-radius:.6rem;box-shadow:0 1px 3px #0002}blockquote{margin:0 0 .5rem}
.stars{font-size:1.3rem;letter-spacing:.1rem}figcaption{color:#6b7280;font-size:.85rem}.failed{color:#a11}
.try{margin-top:2rem;padding-top:.5rem;border-top:1px solid #d5d9e0}button{font:inherit;padding:.4rem 1rem;cursor:pointer}
.bar{display:flex;align-items:center;gap:.6rem;margin-top:.5rem}.bar i{height:1rem;background:#5a6b85;border-radius:.2rem}`;

const SCRIPT = `
document.getElementById('ask').addEventListener('click', async (event) => {
  const button = event.currentTarget, shares = document.getElementById('shares'), counts = {};
  button.disabled = true;
  const ask = async () => {
    const answer = await fetch('/reviews/1', { credentials: 'omit', cache: 'no-store' }).catch(() => null);
    const name = answer === null ? 'failed' : answer.headers.get('x-gray-version') ?? String(answer.status);
    counts[name] = (counts[name] ?? 0) + 1;
    shares.replaceChildren(...Object.keys(counts).sort().map((key) => {
      const bar = document.createElement('div'), length = document.createElement('i');
      bar.className = 'bar';
      length.style.width = counts[key] * 3 + 'px';
      bar.append(key, length, String(counts[key]));
      return bar;
    }));
  };
  for (let sent = 0; sent < 100; sent += 5) await Promise.all([ask(), ask(), ask(), ask(), ask()]);
  button.disabled = false;
});`;
