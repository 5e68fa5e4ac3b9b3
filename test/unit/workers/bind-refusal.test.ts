import { expect, test } from 'vitest';
import type { ListenerSpec } from '../../../src/core/snapshot.ts';
import { refusalSentence } from '../../../src/workers/bind-refusal.ts';

const listeners = [{ name: 'edge', address: '[::1]:8080' }] as unknown as readonly ListenerSpec[];

test('a taken address is told with its listener and the key to change', () => {
  const error = Object.assign(new Error(), { code: 'EADDRINUSE', syscall: 'listen', address: '::1', port: 8080 });
  expect(refusalSentence(error, listeners)).toBe(
    'listener edge cannot listen on [::1]:8080: the address is already in use; change listeners.edge.address, or stop what listens there',
  );
});

test('any other failure is told as it is', () => {
  expect(refusalSentence(new Error('no such thing'), listeners)).toBe('no such thing');
});
