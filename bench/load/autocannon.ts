import autocannon from 'autocannon';
import { loadRequests } from '../scenarios/traffic.ts';
import type { Load } from './load.ts';

/** Slower than most of the proxies measured: the load stays below saturation, the cost per request stays true. */
export const autocannonLoad: Load = {
  name: 'autocannon',
  async prepare({ port, traffic, seconds }) {
    return {
      async run() {
        const result = await autocannon({
          url: `http://127.0.0.1:${port}`,
          connections: traffic.connections,
          duration: seconds,
          requests: loadRequests(traffic).map(({ body, ...request }) =>
            body === null ? request : { ...request, body },
          ),
        });
        return {
          requests: result.requests.total,
          durationMicros: result.duration * 1e6,
          errors: result.errors + result.timeouts + result.non2xx,
          p50Micros: result.latency.p50 * 1000,
          p99Micros: result.latency.p99 * 1000,
          p999Micros: result.latency.p99_9 * 1000,
          maxMicros: result.latency.max * 1000,
          lateP99Micros: null,
        };
      },
      close: async () => {},
    };
  },
};
