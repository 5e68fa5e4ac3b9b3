import { isLoopback, parseSocketAddress } from '../socket-address.ts';
import { entryOf, type SourcePath } from '../source/source-node.ts';
import type { CheckContext } from './check-context.ts';

/** Where connections come in: names and addresses are there once, and admin is not open to the world. */
export function checkListeners(context: CheckContext): void {
  const { config, input } = context;
  if (entryOf(input.whole, 'listeners') === undefined) context.warning('no-listener', [], 'there is no listener');
  const names = new Set<string>();
  const addresses = new Map<string, string>();
  for (const [at, { name, address }] of config.listeners.entries()) {
    if (names.has(name))
      context.error('duplicate-name', ['listeners', at, 'name'], `another listener is named ${name} too`);
    names.add(name);
    claimAddress(context, addresses, address, `listener ${name}`, ['listeners', at, 'address']);
  }
  checkAdmin(context, addresses);
}

function checkAdmin(context: CheckContext, addresses: Map<string, string>): void {
  const { address, tokens } = context.config.admin;
  claimAddress(context, addresses, address, 'admin', ['admin', 'address']);
  const parsed = parseSocketAddress(address);
  if (parsed === null || isLoopback(parsed.host) || tokens !== null) return;
  const hint = 'set admin.tokens, or listen on 127.0.0.1';
  context.error(
    'admin-without-tokens',
    ['admin', 'address'],
    `${address} can be reached from outside, and there are no tokens`,
    hint,
  );
}

/** Port 0 is a fresh one each time, so nobody shares it. */
function claimAddress(
  context: CheckContext,
  taken: Map<string, string>,
  address: string,
  owner: string,
  path: SourcePath,
): void {
  if (address.endsWith(':0')) return;
  const other = taken.get(address);
  if (other !== undefined) context.error('duplicate-address', path, `${other} has the address ${address} too`);
  else taken.set(address, owner);
}
