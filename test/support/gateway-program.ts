import { type Gateway, startGateway } from './gateway.ts';

/** What a GatewayChild runs: takes a configuration, tells its port, then its figures whenever asked. */

let gateway: Gateway | null = null;

process.on(
  'message',
  async (message: { readonly kind: 'start'; readonly yaml: string } | { readonly kind: 'figures' }) => {
    if (message.kind === 'start') {
      gateway = await startGateway(message.yaml);
      process.send?.(gateway.port());
      return;
    }
    const { user, system } = process.cpuUsage();
    const figures = { rssBytes: process.memoryUsage.rss(), cpuMs: (user + system) / 1000, held: gateway?.plane.held() };
    process.send?.(figures);
  },
);
process.on('disconnect', () => process.exit());
