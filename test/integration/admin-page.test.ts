import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { MirrorView } from '../../src/control/mirror-view.ts';
import { AdminFixture, statusView } from '../support/admin-fixture.ts';

const HOSTILE = `v2"'><script>alert(1)</script><img src=x onerror=alert(1)>&amp;`;

const mirror: MirrorView = {
  route: 'callbacks',
  rule: '',
  mirror: 'v3',
  eligible: 100,
  notSampled: 80,
  sent: 15,
  answered: 10,
  timedOut: 2,
  failed: 3,
  dropped: { breaker: 5 },
  statuses: [0, 9, 0, 0, 1],
  pending: 0,
  inFlight: 0,
  comparison: null,
};

function busyStatus(version = 'v2', error: string | null = null) {
  return statusView({
    config: { file: '/etc/graygate.yaml', error, rollback: null, drift: false },
    routes: [
      {
        name: 'callbacks',
        service: 'callback',
        stable: 'v1',
        split: { v1: 3, [version]: 1 },
        source: 'live',
        drift: true,
        revision: 4,
        observed: { v1: { requests: 760, share: 0.76 }, [version]: { requests: 240, share: 0.24 } },
      },
    ],
    services: {
      callback: {
        versions: {
          v1: { endpoints: [{ url: 'http://10.0.0.1:9000', usable: true, reason: '' }] },
          [version]: { endpoints: [{ url: 'http://10.0.0.2:9000', usable: false, reason: 'ejected' }] },
        },
      },
    },
    switches: { [`switch-${version}`]: { on: true, source: 'file' as const, drift: false, revision: 1 } },
  });
}

describe('the page', () => {
  it('shows configured beside observed share, endpoints, mirrors and switches', async () => {
    await using admin = await AdminFixture.start({ status: async () => busyStatus(), mirrors: async () => [mirror] });
    const { status, headers, text } = await admin.call({ path: '/' });
    expect(status).toBe(200);
    expect(headers['content-type']).toBe('text/html; charset=utf-8');
    for (const shown of [
      'callbacks',
      '75 %',
      '76 %',
      '25 %',
      '24 %',
      '760',
      '240',
      'http://10.0.0.2:9000',
      'ejected',
    ]) {
      expect(text).toContain(shown);
    }
    for (const shown of [
      'breaker',
      'Not sampled',
      'switch-v2',
      '/etc/graygate.yaml',
      'generation 3',
      'differs from the file',
    ]) {
      expect(text).toContain(shown);
    }
    expect(text).not.toContain('role="alert"');
  });

  it('shows why the file is refused', async () => {
    const status = async () => busyStatus('v2', 'graygate.yaml:3:1 error unknown-key <b>');
    await using admin = await AdminFixture.start({ status });
    const { text } = await admin.call({ path: '/' });
    expect(text).toContain('role="alert"');
    expect(text).toContain('graygate.yaml:3:1 error unknown-key &lt;b&gt;');
  });

  it('says that a route had no requests, instead of a share of nothing', async () => {
    const [route] = busyStatus().routes;
    const observed = { v1: { requests: 0, share: 0 }, v2: { requests: 0, share: 0 } };
    await using admin = await AdminFixture.start({
      status: async () => statusView({ routes: [{ ...route!, observed }] }),
    });
    const { text } = await admin.call({ path: '/' });
    expect(text).toContain('no requests in the last 60 s');
    expect(text).not.toContain('NaN');
  });

  it('escapes every name', async () => {
    const status = async () => {
      const view = busyStatus(HOSTILE, HOSTILE);
      const [route] = view.routes;
      const listeners = [{ name: HOSTILE, address: HOSTILE, port: 1 }];
      const routes = [{ ...route!, name: HOSTILE, service: HOSTILE, stable: HOSTILE }];
      const endpoint = { url: HOSTILE, usable: false, reason: HOSTILE };
      const services = { [HOSTILE]: { versions: { [HOSTILE]: { endpoints: [endpoint] } } } };
      return {
        ...view,
        config: { file: HOSTILE, error: HOSTILE, rollback: null, drift: false },
        listeners,
        routes,
        services,
      };
    };
    const mirrors = async () => [{ ...mirror, route: HOSTILE, mirror: HOSTILE }];
    await using admin = await AdminFixture.start({ status, mirrors });
    for (const path of ['/', '/page/overview']) {
      const { text } = await admin.call({ path });
      expect(text).toContain('&lt;img src=x onerror=alert(1)&gt;&amp;amp;');
      expect(text).not.toContain('<img');
      expect(text).not.toContain('<script>alert');
      expect(text).not.toContain(`v2"'`);
    }
  });

  it('runs and looks by its own script and style alone, named by hash', async () => {
    await using admin = await AdminFixture.start();
    const { text, headers } = await admin.call({ path: '/' });
    const csp = String(headers['content-security-policy']);
    for (const [tag, directive] of [
      ['script', 'script-src'],
      ['style', 'style-src'],
    ]) {
      const blocks = [...text.matchAll(new RegExp(`<${tag}>([^]*?)</${tag}>`, 'g'))];
      expect(blocks).toHaveLength(1);
      const hash = createHash('sha256').update(blocks[0]![1]!).digest('base64');
      expect(csp).toContain(`${directive} 'sha256-${hash}'`);
    }
    expect(csp).not.toContain('unsafe');
    expect(text).not.toMatch(/ style=| on[a-z]+=|(src|href)=/);
  });

  it('holds nothing but a sign-in form where tokens are set', async () => {
    const status = async () => busyStatus();
    await using admin = await AdminFixture.start({ status, tokens: { viewer: 'secret-v', operator: 'secret-o' } });
    const page = await admin.call({ path: '/' });
    expect(page.status).toBe(200);
    expect(page.text).toMatch(/<form id="sign-in" *>/);
    expect(page.text).not.toMatch(/callbacks|graygate\.yaml|secret-/);
    expect((await admin.call({ path: '/page/overview' })).status).toBe(401);
    const overview = await admin.call({ path: '/page/overview', headers: { authorization: 'Bearer secret-v' } });
    expect(overview.status).toBe(200);
    expect(overview.text).toContain('callbacks');
  });

  it('shows the first of very many routes and says how many are left out', async () => {
    const [route] = busyStatus().routes;
    const routes = Array.from({ length: 1200 }, (_, at) => ({ ...route!, name: `route-${at}` }));
    await using admin = await AdminFixture.start({ status: async () => statusView({ routes }) });
    const { text } = await admin.call({ path: '/' });
    expect(text).toContain('route-199');
    expect(text).not.toContain('route-200<');
    expect(text).toContain('1000 more');
  });
});
