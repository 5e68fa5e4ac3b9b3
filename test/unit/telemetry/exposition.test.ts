import { describe, expect, it } from 'vitest';
import { bucketOf, bucketUpperMicros } from '../../../src/telemetry/duration-histogram.ts';
import { renderMetrics } from '../../../src/telemetry/exposition.ts';
import { DURATION_EDGES_MICROS } from '../../../src/telemetry/exposition-text.ts';
import { FallbackCells } from '../../../src/telemetry/fallback-cells.ts';
import { MirrorCells } from '../../../src/telemetry/mirror-cells.ts';
import { RequestCells } from '../../../src/telemetry/request-cells.ts';
import { Totals } from '../../../src/telemetry/totals.ts';

const extras = { generation: 7, reloads: { ok: 3, refused: 1 } };

function totalsWith(fill: (requests: RequestCells, mirrors: MirrorCells, fallbacks: FallbackCells) => void): Totals {
  const [requests, mirrors, fallbacks] = [new RequestCells(), new MirrorCells(), new FallbackCells()];
  fill(requests, mirrors, fallbacks);
  const totals = new Totals();
  totals.add(0, {
    requests: requests.takeDelta(),
    mirrors: mirrors.takeDelta(),
    fallbacks: fallbacks.takeDelta(),
    pools: [{ service: 's', version: 'v1', active: 1, idle: 2, pending: 0 }],
    endpoints: [{ service: 's', version: 'v1', url: 'http://10.0.0.1:80', usable: false, reason: 'ejected' }],
  });
  return totals;
}

describe('the exposition', () => {
  it('shows one account for each route and target, whichever rules carry the mirror, and what was compared', async () => {
    const totals = totalsWith((_, mirrors) => {
      for (const rule of ['', 'posts', 'night']) {
        const cell = mirrors.cellOf({ route: 'r', rule, mirror: 'v3' });
        mirrors.eligible(cell);
        if (rule === '') mirrors.dropped(cell, 'bytes');
        else mirrors.sent(cell);
        if (rule === 'night') mirrors.answered(cell, 204);
      }
      const sampleOf = () => ({ requestId: 'r', timeMs: 1, answeredBy: 'v1', primary: '1', shadow: '2' });
      const pair = { method: 'GET', path: '/', primaryMicros: 900, shadowMicros: 5000, noise: [], sampleOf };
      mirrors.comparisons.compared('r', 'v3', { ...pair, fields: ['/a'] });
      mirrors.comparisons.compared('r', 'v3', { ...pair, fields: [] });
      mirrors.comparisons.skipped('r', 'v3', 'bytes');
    });
    const lines = (await renderMetrics(totals, extras)).split('\n');
    const of = (name: string, more = '') => `graygate_mirror_${name}{route="r",mirror="v3"${more}}`;
    for (const line of [
      `${of('eligible_total')} 3`,
      `${of('sent_total')} 2`,
      `${of('answered_total')} 1`,
      `${of('in_flight')} 1`,
      `${of('dropped_total', ',reason="bytes"')} 1`,
      `${of('responses_total', ',status="2xx"')} 1`,
      `${of('compared_total', ',result="same"')} 1`,
      `${of('compared_total', ',result="different"')} 1`,
      `${of('compare_skipped_total', ',reason="bytes"')} 1`,
      `${of('compare_skipped_total', ',reason="busy"')} 0`,
      `${of('differing_fields')} 1`,
      `${of('answer_duration_seconds_count', ',answer="primary"')} 2`,
      `${of('answer_duration_seconds_bucket', ',answer="shadow",le="0.00256"')} 0`,
      `${of('answer_duration_seconds_sum', ',answer="shadow"')} 0.01`,
    ])
      expect(lines).toContain(line);
    expect(lines.filter((line) => line.startsWith('graygate_mirror_eligible_total'))).toHaveLength(1);
  });

  it('shows every configured arm and mirror with 0 before the first request', async () => {
    const totals = totalsWith((requests, mirrors, fallbacks) => {
      requests.cellOf({ route: 'r', rule: 'testers', version: 'v2' });
      mirrors.cellOf({ route: 'r', rule: '', mirror: 'v3' });
      fallbacks.cellOf({ route: 'r', from: 'v2', to: 'v1' });
    });
    const lines = (await renderMetrics(totals, extras)).split('\n');
    for (const status of ['1xx', '2xx', '3xx', '4xx', '5xx', 'aborted', 'fallback']) {
      expect(lines).toContain(`graygate_requests_total{route="r",rule="testers",version="v2",status="${status}"} 0`);
    }
    expect(lines).toContain('graygate_requests_in_flight{route="r",version="v2"} 0');
    expect(lines).toContain('graygate_request_duration_seconds_count{route="r",version="v2"} 0');
    expect(lines).toContain('graygate_fallbacks_total{route="r",from="v2",to="v1"} 0');
    for (const word of ['eligible', 'not_sampled', 'sent', 'answered', 'timed_out', 'failed']) {
      expect(lines).toContain(`graygate_mirror_${word}_total{route="r",mirror="v3"} 0`);
    }
    expect(lines).toContain('graygate_mirror_dropped_total{route="r",mirror="v3",reason="body-too-large"} 0');
    expect(lines).toContain('graygate_mirror_responses_total{route="r",mirror="v3",status="5xx"} 0');
    expect(lines).toContain('graygate_mirror_pending{route="r",mirror="v3"} 0');
    expect(lines).toContain('graygate_mirror_in_flight{route="r",mirror="v3"} 0');
  });

  it('shows connections, endpoints, the generation, reloads and the process', async () => {
    const text = await renderMetrics(
      totalsWith(() => {}),
      extras,
    );
    const lines = text.split('\n');
    expect(lines).toContain('graygate_upstream_connections{service="s",version="v1",state="idle"} 2');
    expect(lines).toContain('graygate_endpoint_usable{service="s",version="v1",endpoint="http://10.0.0.1:80"} 0');
    expect(lines).toContain('graygate_config_generation 7');
    expect(lines).toContain('graygate_config_reloads_total{result="ok"} 3');
    expect(lines).toContain('graygate_config_reloads_total{result="refused"} 1');
    expect(text).toMatch(/^process_resident_memory_bytes \d/m);
  });

  it('is well formed: one head for each family, all its lines below it, every line ended', async () => {
    const totals = totalsWith((requests, mirrors) => {
      requests.cellOf({ route: 'a', rule: '', version: 'v1' });
      requests.cellOf({ route: 'b', rule: '', version: 'v1' });
      mirrors.cellOf({ route: 'a', rule: '', mirror: 'v3' });
    });
    const text = await renderMetrics(totals, extras);
    expect(text.endsWith('\n')).toBe(true);
    const families = new Set<string>();
    let family = '';
    for (const line of text.split('\n')) {
      if (line.startsWith('# TYPE ')) {
        family = line.split(' ')[2]!;
        expect(families.has(family)).toBe(false);
        families.add(family);
      } else if (line !== '' && !line.startsWith('#')) {
        expect(line).toMatch(/^[a-z_][a-z0-9_]*(\{([a-z_]+="([^"\\\n]|\\.)*",?)*\})? [-+0-9.eInfNa]+$/);
        expect(line.startsWith(family)).toBe(true);
      }
    }
  });

  it('counts durations exactly at its edges', async () => {
    for (const micros of DURATION_EDGES_MICROS) expect(bucketUpperMicros(bucketOf(micros))).toBe(micros);
    const totals = totalsWith((requests) => {
      const arms = ['', 'testers'].map((rule) => requests.cellOf({ route: 'r', rule, version: 'v1' }));
      for (const [at, micros] of [500, 1024, 1025, 98_304, 98_305, 3_600_000_000].entries()) {
        requests.begin(arms[at % 2]!);
        requests.end(arms[at % 2]!, 1, micros);
      }
    });
    const lines = (await renderMetrics(totals, extras)).split('\n');
    const name = 'graygate_request_duration_seconds';
    expect(lines).toContain(`${name}_bucket{route="r",version="v1",le="0.001024"} 2`);
    expect(lines).toContain(`${name}_bucket{route="r",version="v1",le="0.00256"} 3`);
    expect(lines).toContain(`${name}_bucket{route="r",version="v1",le="0.098304"} 4`);
    expect(lines).toContain(`${name}_bucket{route="r",version="v1",le="58.720256"} 5`);
    expect(lines).toContain(`${name}_bucket{route="r",version="v1",le="+Inf"} 6`);
    expect(lines).toContain(`${name}_count{route="r",version="v1"} 6`);
    expect(lines).toContain(`${name}_sum{route="r",version="v1"} 3600.199158`);
  });

  it('escapes names that would break a label', async () => {
    const totals = totalsWith((requests) => {
      requests.cellOf({ route: 'a"b\\c\nd', rule: '', version: 'v1' });
    });
    expect(await renderMetrics(totals, extras)).toContain(
      '{route="a\\"b\\\\c\\nd",rule="",version="v1",status="2xx"} 0\n',
    );
  });
});
