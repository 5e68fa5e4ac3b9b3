import { expect, test } from 'vitest';
import { InheritedSockets } from '../../../src/workers/inherited-sockets.ts';

const given = (count: number, names?: string) =>
  InheritedSockets.fromEnvironment(
    { LISTEN_PID: '7', LISTEN_FDS: `${count}`, ...(names === undefined ? {} : { LISTEN_FDNAMES: names }) },
    7,
  );

test('what is meant for another process, or is no number, is left alone', () => {
  const env = { LISTEN_PID: '7', LISTEN_FDS: '2' };
  expect(InheritedSockets.fromEnvironment(env, 8).isEmpty).toBe(true);
  expect(InheritedSockets.fromEnvironment({ ...env, LISTEN_FDS: 'x' }, 7).isEmpty).toBe(true);
  expect(InheritedSockets.fromEnvironment({}, 7).isEmpty).toBe(true);
});

test('without names the sockets go to the listeners in order', () => {
  const sockets = given(2);
  expect(sockets.assign(['edge', 'inner', 'third'])).toEqual([]);
  expect(['edge', 'inner', 'third', 'admin'].map((name) => sockets.take(name))).toEqual([3, 4, null, null]);
});

test('a name outranks the order, and the admin port has one, too', () => {
  const sockets = given(3, 'inner:admin:edge');
  expect(sockets.assign(['edge', 'inner'])).toEqual([]);
  expect(['edge', 'inner', 'admin'].map((name) => sockets.take(name))).toEqual([5, 3, 4]);
});

test('a name that is no listener counts as none', () => {
  const sockets = given(3, 'graygate.socket:inner:graygate.socket');
  expect(sockets.assign(['edge', 'inner'])).toEqual(['graygate.socket']);
  expect(['edge', 'inner'].map((name) => sockets.take(name))).toEqual([3, 4]);
});
