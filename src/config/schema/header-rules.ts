import { z } from 'zod';
import type { HeaderOperationsConfig, HeaderRulesConfig } from '../model.ts';
import { headerValue, refusedWrittenHeader, writtenHeaderName } from './names.ts';
import { mapOf, oneOrMore, section } from './shape.ts';

/** Applied in the order remove, set, add. */
export const headerOperations = section('header operations', {
  set: mapOf(headerValue, refusedWrittenHeader).optional().describe('Header name: its one value from now on.'),
  add: mapOf(oneOrMore(headerValue), refusedWrittenHeader).optional().describe('Header name: a line more, or several.'),
  remove: z.array(writtenHeaderName).optional().describe('Headers that go.'),
}).transform(
  ({ set, add, remove }): HeaderOperationsConfig => ({
    set: set ?? [],
    add: (add ?? []).flatMap(({ name, value }) => value.map((line) => ({ name, value: line }))),
    remove: remove ?? [],
  }),
);

export const headerRules = section('headers', {
  request: headerOperations.prefault({}).describe('Of the request that goes to the service.'),
  response: headerOperations.prefault({}).describe('Of the response that goes to the client.'),
}).transform((given): HeaderRulesConfig => given);
