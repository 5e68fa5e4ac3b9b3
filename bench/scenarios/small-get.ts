import { caddy } from '../peers/caddy.ts';
import { graygate } from '../peers/graygate.ts';
import { haproxy } from '../peers/haproxy.ts';
import { nginxLua } from '../peers/nginx-lua.ts';
import { nginxSplit } from '../peers/nginx-split.ts';
import { byteRelay, fastifyHttpProxy, fastProxy, httpProxy3 } from '../peers/node-peers.ts';
import { comparison } from './comparison.ts';
import { headerRuledTraffic } from './traffic.ts';

const ALL = [graygate, nginxLua, nginxSplit, haproxy, caddy, fastifyHttpProxy, fastProxy, httpProxy3, byteRelay];

/** The daily bread. */
export const smallGet = comparison({
  name: 'small-get',
  about: 'GET with browser headers, ~300-byte JSON, header rule, sticky 90/10 split by user id, metrics on, keep-alive',
  weight: 290,
  traffic: headerRuledTraffic(),
  entrants: ALL.map((peer) => ({ peer })),
  quickEntrants: [graygate, nginxLua, nginxSplit, haproxy, fastifyHttpProxy, byteRelay].map(({ name }) => name),
  reference: nginxLua.name,
  goals: [
    { what: 'small GET, CPU vs nginx + lua', against: nginxLua.name, atMost: 1, aim: 1 },
    { what: 'small GET, CPU vs nginx (aim only)', against: nginxSplit.name, atMost: Number.POSITIVE_INFINITY, aim: 1 },
    { what: 'small GET, CPU vs @fastify/http-proxy', against: fastifyHttpProxy.name, atMost: 1 / 5, aim: 1 / 7 },
    { what: 'small GET, CPU vs Caddy', against: caddy.name, atMost: 1 / 5, aim: 1 / 7 },
    { what: 'small GET, CPU vs http-proxy-3', against: httpProxy3.name, atMost: 1 / 5, aim: 1 / 7 },
  ],
  fixedRatesOf: [graygate, nginxLua, nginxSplit, haproxy, caddy, fastifyHttpProxy].map(({ name }) => name),
  latencyOf: [nginxSplit.name, graygate.name, nginxLua.name],
  autocannonOf: [graygate.name, nginxLua.name, fastifyHttpProxy.name],
});
