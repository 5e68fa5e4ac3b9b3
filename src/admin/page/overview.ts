import type { MirrorView } from '../../control/mirror-view.ts';
import type { EndpointStatus, RouteStatus, ServiceStatus, Status } from '../../control/status.ts';

import { type Html, html } from './html.ts';

/** More than these make no page that anybody reads; the API has them all. */
const MAX_SHOWN = 200;
const SWATCHES = 6;

export interface GatewayFacts {
  readonly isReady: boolean;
  readonly version: string;
}

/** What runs and what really happens, for a person: the page's content, refreshed as a whole. */
export function renderOverview(status: Status, mirrors: readonly MirrorView[], facts: GatewayFacts): Html {
  return html`${gatewayPart(status, facts)}
<main>
<h2>Routes</h2>
${routesPart(status.routes)}
<h2>Endpoints</h2>
${servicesPart(Object.entries(status.services))}
${mirrors.length === 0 ? '' : mirrorsPart(mirrors)}
${switchesPart(status)}
</main>`;
}

function gatewayPart(status: Status, { isReady, version }: GatewayFacts): Html {
  const { file, error } = status.config;
  const alarm = html`<div class="alarm" role="alert"><strong>The configuration file is refused; the last good one stays in force.</strong>
<pre>${error ?? ''}</pre></div>`;
  const workers = status.workers.map(({ generation }) => generation);
  const behind = workers.filter((generation) => generation !== status.generation).length;
  return html`<header><h1>Graygate</h1><span class="soft">${version}</span>
${isReady ? html`<span class="good">● ready</span>` : html`<span class="bad">● not ready</span>`}</header>
${error === null ? '' : alarm}
<dl class="facts">
<dt>Configuration</dt><dd><code>${file}</code></dd>
<dt>In force</dt><dd>generation ${status.generation}, revision ${status.revision}</dd>
<dt>Workers</dt><dd>${workers.length}${behind === 0 ? '' : html`, <span class="bad">${behind} not yet on this generation</span>`}</dd>
<dt>Listeners</dt><dd>${status.listeners.map(({ name, address, port }) => html`<span>${name} <code>${hostPort(address, port)}</code></span> `)}</dd>
</dl>`;
}

function routesPart(routes: readonly RouteStatus[]): Html {
  if (routes.length === 0) return html`<p class="soft">No routes.</p>`;
  return html`<div class="grid">${routes.slice(0, MAX_SHOWN).map(routeCard)}</div>${leftOut(routes.length)}`;
}

interface VersionRow {
  readonly name: string;
  readonly swatch: number;
  /** Shares 0..1; observed null: the route had no request. */
  readonly configured: number;
  readonly observed: number | null;
  readonly requests: number;
}

function routeCard(route: RouteStatus): Html {
  const rows = versionRows(route);
  const requests = rows.reduce((sum, row) => sum + row.requests, 0);
  const observedBar =
    requests === 0 ? html`<span>no requests in the last 60 s</span>` : bar(rows, (row) => row.observed ?? 0);
  return html`<article class="card">
<div class="top"><h3>${route.name}</h3><span class="soft">to ${route.service}, stable ${route.stable}</span>
${route.source === 'file' ? '' : html`<span class="tag warn">${route.source}</span>`}
${route.drift ? html`<span class="tag warn">differs from the file</span>` : ''}</div>
<div class="bars"><span>configured</span>${bar(rows, (row) => row.configured)}<span>observed</span>${observedBar}</div>
<table><thead><tr><th>Version</th><th class="num">Configured</th><th class="num">Observed</th><th class="num">Requests, 60 s</th></tr></thead>
<tbody>${rows.map(
    (
      row,
    ) => html`<tr><td><span class="swatch f${row.swatch}"></span>${row.name}</td><td class="num">${percent(row.configured)}</td>
<td class="num">${row.observed === null ? '–' : percent(row.observed)}</td><td class="num">${row.requests}</td></tr>`,
  )}</tbody></table></article>`;
}

/** The versions of the split, and after them those that got requests all the same. */
function versionRows({ split, observed }: RouteStatus): readonly VersionRow[] {
  const weights = new Map(Object.entries(split));
  const seen = new Map(Object.entries(observed));
  const total = [...weights.values()].reduce((sum, weight) => sum + weight, 0);
  const hasTraffic = [...seen.values()].some(({ requests }) => requests > 0);
  const others = [...seen].filter(([name, { requests }]) => requests > 0 && !weights.has(name)).map(([name]) => name);
  return [...weights.keys(), ...others].map((name, at) => ({
    name,
    swatch: at % SWATCHES,
    configured: total > 0 ? (weights.get(name) ?? 0) / total : 0,
    observed: hasTraffic ? (seen.get(name)?.share ?? 0) : null,
    requests: seen.get(name)?.requests ?? 0,
  }));
}

function bar(rows: readonly VersionRow[], shareOf: (row: VersionRow) => number): Html {
  let from = 0;
  const parts = rows.map((row) => {
    const share = shareOf(row) * 100;
    const part = html`<rect class="f${row.swatch}" x="${from.toFixed(2)}" width="${share.toFixed(2)}" height="1"></rect>`;
    from += share;
    return part;
  });
  return html`<svg viewBox="0 0 100 1" preserveAspectRatio="none" aria-hidden="true">${parts}</svg>`;
}

function servicesPart(services: readonly (readonly [string, ServiceStatus])[]): Html {
  if (services.length === 0) return html`<p class="soft">No services.</p>`;
  const cards = services.slice(0, MAX_SHOWN).map(([name, { versions }]) => {
    const rows = Object.entries(versions).flatMap(([version, { endpoints }]) =>
      endpoints.length === 0 ? [noEndpoint(version)] : endpoints.map((endpoint) => endpointRow(version, endpoint)),
    );
    return html`<article class="card"><h3>${name}</h3><table><thead><tr><th>Version</th><th>Endpoint</th><th>State</th></tr></thead>
<tbody>${rows}</tbody></table></article>`;
  });
  return html`<div class="grid">${cards}</div>${leftOut(services.length)}`;
}

function endpointRow(version: string, { url, usable, reason }: EndpointStatus): Html {
  const state = usable
    ? html`<span class="good">usable</span>`
    : html`<span class="bad">${reason || 'not usable'}</span>`;
  return html`<tr><td>${version}</td><td><code>${url}</code></td><td>${state}</td></tr>`;
}

function noEndpoint(version: string): Html {
  return html`<tr><td>${version}</td><td class="soft">–</td><td class="bad">no endpoint</td></tr>`;
}

function mirrorsPart(mirrors: readonly MirrorView[]): Html {
  const cards = mirrors.slice(0, MAX_SHOWN).map((mirror) => {
    const drops = Object.entries(mirror.dropped);
    const dropped = drops.reduce((sum, [, count]) => sum + count, 0);
    const lines: readonly (readonly [string, number])[] = [
      ['Eligible', mirror.eligible],
      ['Not sampled', mirror.notSampled],
      ['Dropped', dropped],
      ...drops.map(([reason, count]) => [`– ${reason}`, count] as const),
      ['Sent', mirror.sent],
      ['Answered', mirror.answered],
      ...mirror.statuses.map((count, at) => [`– ${at + 1}xx`, count] as const).filter(([, count]) => count > 0),
      ['Timed out', mirror.timedOut],
      ['Failed', mirror.failed],
      ['Pending', mirror.pending],
      ['In flight', mirror.inFlight],
      ...comparisonLines(mirror),
    ];
    return html`<article class="card"><h3>${mirror.route} → ${mirror.mirror}</h3><table><thead><tr><th>Copies since the start</th><th class="num">Count</th></tr></thead>
<tbody>${lines.map(([name, count]) => html`<tr><td>${name}</td><td class="num">${count}</td></tr>`)}</tbody></table></article>`;
  });
  return html`<h2>Mirrors</h2><div class="grid">${cards}</div>${leftOut(mirrors.length)}`;
}

function comparisonLines({ comparison }: MirrorView): readonly (readonly [string, number])[] {
  if (comparison === null) return [];
  return [
    ['Compared', comparison.compared],
    ['– same', comparison.same],
    ['– different', comparison.different],
    ['Fields that really differ', comparison.differingFields],
  ];
}

function switchesPart(status: Status): Html | string {
  const switches = Object.entries(status.switches);
  if (switches.length === 0) return '';
  const rows = switches
    .slice(0, MAX_SHOWN)
    .map(
      ([name, { on }]) => html`<tr><td>${name}</td><td class="num">${on ? html`<strong>on</strong>` : 'off'}</td></tr>`,
    );
  return html`<h2>Switches</h2><div class="grid"><div class="card"><table><thead><tr><th>Switch</th><th class="num">State</th></tr></thead>
<tbody>${rows}</tbody></table></div></div>${leftOut(switches.length)}`;
}

function leftOut(count: number): Html | string {
  return count > MAX_SHOWN ? html`<p class="soft">${count - MAX_SHOWN} more: GET /api/status has them all.</p>` : '';
}

/** As many digits as tell something: 0.05 %, 5 %, 33.3 %. */
function percent(share: number): string {
  const value = share * 100;
  const digits = value === 0 || value >= 99.995 ? 0 : value < 1 ? 2 : 1;
  return `${Number(value.toFixed(digits))} %`;
}

function hostPort(address: string, port: number): string {
  return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;
}
