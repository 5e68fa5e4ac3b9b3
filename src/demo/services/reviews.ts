import type { RequestListener } from 'node:http';
import { answerJson } from '../json-answer.ts';

/** v1 knows no stars, v2 has black ones, v3 red ones. */
export type ReviewsVersion = 'v1' | 'v2' | 'v3';

/** What `GET /reviews/ID` answers. */
export interface ReviewsAnswer {
  readonly version: ReviewsVersion;
  readonly id: string;
  /** Different in every answer, on purpose: noise for whoever compares two versions. */
  readonly generatedAt: string;
  readonly reviews: readonly Review[];
}

export interface Review {
  readonly reviewer: string;
  readonly text: string;
  readonly rating?: { readonly stars: number; readonly color: string };
}

const STAR_COLORS: Readonly<Record<ReviewsVersion, string | null>> = { v1: null, v2: 'black', v3: 'red' };

const REVIEWS = [
  {
    reviewer: 'Reviewer1',
    text: 'An extremely entertaining play by Shakespeare. The slapstick humour is refreshing!',
    stars: 5,
  },
  {
    reviewer: 'Reviewer2',
    text: 'Absolutely fun and entertaining. The play lacks thematic depth when compared to his others.',
    stars: 4,
  },
];

/** ISO 8601; milliseconds alone would now and then be the same in two answers. */
function nowToTheMicrosecond(): string {
  const now = performance.timeOrigin + performance.now();
  const micros = Math.floor((now % 1) * 1000);
  return new Date(now).toISOString().replace('Z', `${String(micros).padStart(3, '0')}Z`);
}

/** The `reviews` service in one of its versions. */
export function reviewsService(version: ReviewsVersion): RequestListener {
  const color = STAR_COLORS[version];
  const reviews: readonly Review[] = REVIEWS.map(({ reviewer, text, stars }) =>
    color === null ? { reviewer, text } : { reviewer, text, rating: { stars, color } },
  );
  return (request, response) => {
    const path = new URL(request.url ?? '/', 'http://reviews').pathname;
    const id = /^\/reviews(?:\/([\w-]{1,64}))?\/?$/.exec(path);
    if (id === null) {
      answerJson(response, 404, { version, error: 'ask for /reviews/ID' });
      return;
    }
    const answer: ReviewsAnswer = { version, id: id[1] ?? '1', generatedAt: nowToTheMicrosecond(), reviews };
    answerJson(response, 200, answer);
  };
}
