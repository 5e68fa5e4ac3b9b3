import { expect, it } from 'vitest';
import { playAll } from '../support/hostile-lane.ts';
import { playAnswers } from '../support/hostile-upstream.ts';
import { fuzzRuns, fuzzSeed, mutated, SEED_ANSWERS, SEED_REQUESTS, seededDice } from '../support/mutation.ts';

it('mutated requests through a running gateway never break the oracle', { timeout: 120_000 }, async () => {
  const seed = fuzzSeed();
  console.log(`GRAYGATE_FUZZ_SEED=${seed}`);
  const dice = seededDice(seed);
  const cases = Array.from({ length: fuzzRuns(600) }, (_, place) => {
    const first = mutated(SEED_REQUESTS[dice.below(SEED_REQUESTS.length)]!, dice);
    return {
      id: `case ${place}`,
      payload: dice.below(3) === 0 ? first + SEED_REQUESTS[dice.below(SEED_REQUESTS.length)]! : first,
    };
  });
  const { wrong, passed, refused } = await playAll(cases);
  expect(wrong).toEqual([]);
  expect(Math.min(passed, refused)).toBeGreaterThan(cases.length / 20);
});

it('mutated answers through a running gateway never break theirs', { timeout: 120_000 }, async () => {
  const seed = fuzzSeed();
  console.log(`GRAYGATE_FUZZ_SEED=${seed}`);
  const dice = seededDice(seed);
  const answers = Array.from({ length: fuzzRuns(600) }, (_, place) => {
    return { id: `case ${place}`, octets: mutated(SEED_ANSWERS[dice.below(SEED_ANSWERS.length)]!, dice) };
  });
  expect(await playAnswers(answers)).toEqual([]);
});
