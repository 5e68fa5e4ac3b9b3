import type { Status } from '../control/status.ts';
import { columns } from './table.ts';

/** The status as a person reads it. */
export function statusText(status: Status): string {
  const { generation, revision, config, workers, listeners, freeze } = status;
  const frozen = freeze.on ? `FROZEN   ${freeze.reason}\n` : '';
  const problem = config.error === null ? '' : `REFUSED  ${config.error.replaceAll('\n', '\n         ')}\n`;
  const head = columns([
    ['config', `${config.file} (generation ${generation}, revision ${revision}${config.drift ? ', rolled back' : ''})`],
    ['workers', workers.map(({ id, pid, generation: own }) => `${id} (process ${pid}, generation ${own})`).join(', ')],
    [
      'listeners',
      listeners
        .map(({ name, address, port }) => `${name} ${address.includes(':') ? `[${address}]` : address}:${port}`)
        .join(', '),
    ],
  ]);
  return [`${head}${frozen}${problem}`, routesText(status), endpointsText(status), switchesText(status)]
    .filter((part) => part !== '')
    .join('\n');
}

function routesText({ routes }: Status): string {
  const rows = routes.flatMap(({ name, service, split, source, drift, observed }) => {
    const total = Object.values(split).reduce((sum, weight) => sum + weight, 0);
    const versions = [...new Set([...Object.keys(split), ...Object.keys(observed)])];
    return versions.map((version, at) => {
      const weight = split[version] ?? 0;
      const seen = observed[version] ?? { requests: 0, share: 0 };
      const origin = `${source}${drift ? ' (drift)' : ''}`;
      return [
        at === 0 ? name : '',
        at === 0 ? service : '',
        version,
        percent(weight / total),
        percent(seen.share),
        `${seen.requests}`,
        at === 0 ? origin : '',
      ];
    });
  });
  return rows.length === 0
    ? ''
    : columns([['ROUTE', 'SERVICE', 'VERSION', 'CONFIGURED', 'OBSERVED', 'REQUESTS/60S', 'FROM'], ...rows]);
}

function endpointsText({ services }: Status): string {
  const rows = Object.entries(services).flatMap(([service, { versions }]) =>
    Object.entries(versions).flatMap(([version, { endpoints }]) =>
      endpoints.map(({ url, usable, reason }) => [service, version, url, usable ? 'yes' : `no: ${reason}`]),
    ),
  );
  return rows.length === 0 ? '' : columns([['SERVICE', 'VERSION', 'ENDPOINT', 'USABLE'], ...rows]);
}

function switchesText({ switches }: Status): string {
  const rows = Object.entries(switches).map(([name, { on, source, drift }]) => [
    name,
    on ? 'on' : 'off',
    `${source}${drift ? ' (drift)' : ''}`,
  ]);
  return rows.length === 0 ? '' : columns([['SWITCH', 'STATE', 'FROM'], ...rows]);
}

function percent(share: number): string {
  return Number.isFinite(share) ? `${Number((share * 100).toFixed(2))} %` : '-';
}
