import { type Gateway, startGateway } from './gateway.ts';

/** What a GatewayChild runs: takes a configuration, tells its port, then its figures after each order. */
export type ChildOrder =
  | { readonly kind: 'start'; readonly yaml: string }
  | { readonly kind: 'figures' }
  | { readonly kind: 'fill-heap'; readonly bytes: number };

/** What an object of one number takes, with its place in a list; roughly. */
const OBJECT_BYTES = 40;
const BATCH = 1_000;

let gateway: Gateway | null = null;
const ballast: unknown[] = [];

/** Adds to what is there, or lets go of the rest: rebuilding it all would need far more room for a moment than it takes. */
function fillHeap(bytes: number): void {
  ballast.length = Math.min(ballast.length, Math.ceil(bytes / (BATCH * OBJECT_BYTES)));
  while (ballast.length * BATCH * OBJECT_BYTES < bytes)
    ballast.push(Array.from({ length: BATCH }, (_, place) => ({ place })));
}

/** 0 when not even this can be asked: it takes a descriptor. */
function rssBytes(): number {
  try {
    return process.memoryUsage.rss();
  } catch {
    return 0;
  }
}

process.on('message', async (order: ChildOrder) => {
  if (order.kind === 'start') {
    gateway = await startGateway(order.yaml);
    process.send?.(gateway.port());
    return;
  }
  if (order.kind === 'fill-heap') fillHeap(order.bytes);
  const { user, system } = process.cpuUsage();
  const figures = { rssBytes: rssBytes(), cpuMs: (user + system) / 1000, held: gateway?.plane.held() };
  process.send?.(figures);
});
process.on('disconnect', () => process.exit());
