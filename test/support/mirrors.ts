import { expect } from 'vitest';
import { eventually } from './eventually.ts';
import type { Gateway, MirrorAccount } from './gateway.ts';

/** Resolves with the account once no copy is pending or in flight, and nothing is held for any. */
export function settled(gateway: Gateway, mirror = 'v3', rule = ''): Promise<MirrorAccount> {
  return eventually(() => {
    const account = gateway.mirrorAccount('all', mirror, rule);
    expect(account).toMatchObject({ pending: 0, inFlight: 0 });
    expect(gateway.plane.held()).toMatchObject({ copies: 0, mirroredBytes: 0, faults: 0 });
    return account;
  });
}

/** Looks at a mirror's account again and again, which throws where an identity does not hold. */
export function watchAccount(gateway: Gateway, mirror = 'v3'): Disposable {
  const looks = setInterval(() => gateway.mirrorAccount('all', mirror), 3);
  return { [Symbol.dispose]: () => clearInterval(looks) };
}
