import type { DownstreamRequest } from './downstream-request.ts';
import { trustedLane } from './head-writer.ts';
import type { MirrorPlan } from './mirror-plan.ts';

/** Request line and fields of a copy, without framing and the empty line. Host stays; the marker says what it is. */
export function copyHead(plan: MirrorPlan, request: DownstreamRequest): string {
  const { mirror, removes, lines } = plan;
  const { head } = request;
  const kept = removes.size === 0 ? head.kept : head.keptWithout(removes);
  const host = mirror.hostSuffix === '' ? request.hostField : suffixedHost(request.hostField, mirror.hostSuffix);
  const trace = removes.has('traceparent') ? '' : request.traceLine();
  const id = removes.has('x-request-id') ? '' : `X-Request-Id: ${request.requestId}\r\n`;
  const lane = trustedLane(request) || plan.lane;
  return (
    `${request.method} ${request.target} HTTP/1.1\r\nHost: ${host}\r\n${kept}${request.forwardingLines()}` +
    `${id}${trace}x-gray-mirror: ${mirror.route}\r\n${lane === '' ? '' : `x-gray-lane: ${lane}\r\n`}${lines}`
  );
}

function suffixedHost(host: string, suffix: string): string {
  const port = /:\d+$/.exec(host)?.[0] ?? '';
  return `${host.slice(0, host.length - port.length)}${suffix}${port}`;
}
