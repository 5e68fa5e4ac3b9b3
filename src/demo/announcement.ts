import type { RunningService } from './demo-services.ts';

export interface Announced {
  readonly gatewayUrl: string;
  readonly adminUrl: string;
  readonly file: string;
  readonly services: readonly RunningService[];
}

/** What the demo prints once everything runs: what is where, what to try and what it shows, how to stop. */
export function announce({ gatewayUrl, adminUrl, file, services }: Announced): string {
  const rows = services.map(
    ({ name, version, about, service }) =>
      `  ${`${name} ${version}`.padEnd(15)}${service.url}${about === '' ? '' : `   ${about}`}`,
  );
  return `Graygate demo: every request finds its version.

  ${'gateway'.padEnd(15)}${gatewayUrl}
  ${'status page'.padEnd(15)}${adminUrl}
${rows.join('\n')}

Open ${gatewayUrl}/ in a browser, or try:

  curl -si ${gatewayUrl}/reviews/1
      x-gray-version: v1 for 9 new visitors in 10, v2 for the tenth; the cookie gray_vid keeps a visitor there
  curl -si -H 'x-user: jason' ${gatewayUrl}/reviews/1
      always v2, black stars: the rule "jason" catches this user
  curl -si '${gatewayUrl}/callback?pile=P-1001' -H 'content-type: application/json' -d '{"status":"charging"}'
      v2 takes it: pile P-1001 is on the road test; any other pile stays with v1

Edit ${file}
    (the weights of the route reviews, for a start): the next request follows it.
Ctrl-C stops all of it.
`;
}
