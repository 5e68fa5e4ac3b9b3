import { caddy } from './caddy.ts';
import { graygate, graygateBuilt } from './graygate.ts';
import { haproxy } from './haproxy.ts';
import { nginxLua, nginxLuaBody } from './nginx-lua.ts';
import { nginxLargeBuffers, nginxSplit } from './nginx-split.ts';
import { byteRelay, fastifyHttpProxy, fastProxy, httpProxy3 } from './node-peers.ts';
import type { Peer } from './peer.ts';

export const allPeers: readonly Peer[] = [
  graygate,
  graygateBuilt,
  nginxLua,
  nginxLuaBody,
  nginxSplit,
  nginxLargeBuffers,
  haproxy,
  caddy,
  fastifyHttpProxy,
  fastProxy,
  httpProxy3,
  byteRelay,
];
