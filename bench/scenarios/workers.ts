import { graygate } from '../peers/graygate.ts';
import { haproxy } from '../peers/haproxy.ts';
import { nginxLua } from '../peers/nginx-lua.ts';
import { nginxSplit } from '../peers/nginx-split.ts';
import { comparison } from './comparison.ts';
import { headerRuledTraffic } from './traffic.ts';

const SETUP = { workers: 2 };

/** Two processes that take connections; on a machine with two cores they share them with the load. */
export const workers = comparison({
  name: 'workers',
  about: 'small GET through two workers each, 128 connections',
  weight: 40,
  traffic: headerRuledTraffic({ connections: 128 }),
  entrants: [
    ...[graygate, nginxLua, nginxSplit, haproxy].map((peer) => ({ peer, setup: SETUP })),
    { peer: graygate, label: 'graygate, one process' },
  ],
  reference: nginxSplit.name,
  goals: [
    {
      what: 'two workers, CPU vs nginx + lua with two',
      against: nginxLua.name,
      atMost: Number.POSITIVE_INFINITY,
      aim: 1,
    },
  ],
});
