import { graygate } from '../peers/graygate.ts';
import { haproxy } from '../peers/haproxy.ts';
import { nginxLua, nginxLuaBody } from '../peers/nginx-lua.ts';
import { nginxSplit } from '../peers/nginx-split.ts';
import { fastifyHttpProxy } from '../peers/node-peers.ts';
import { comparison } from './comparison.ts';
import { headerRuledTraffic, jsonOfBytes, type Traffic } from './traffic.ts';

const ENTRANTS = [graygate, nginxLua, nginxSplit, haproxy, fastifyHttpProxy].map((peer) => ({ peer }));
/** So many bytes are what a partner's callback has. */
const CALLBACK_BYTES = 1024;

const MORE_HEADERS = Object.fromEntries(
  Array.from({ length: 24 }, (_, index) => [`x-trace-${index}`, `value-${index}-5f0c1e9a7b3d`]),
);

export const post1k = comparison({
  name: 'post-1k',
  about: 'POST of 1 KiB of JSON, header rule, sticky split, ~300-byte answer',
  weight: 45,
  traffic: headerRuledTraffic({ bodyBytes: CALLBACK_BYTES }),
  entrants: ENTRANTS,
  readsBodies: true,
  reference: nginxLua.name,
  goals: [{ what: 'POST 1 KiB, CPU vs nginx + lua', against: nginxLua.name, atMost: 1, aim: 1 }],
});

export const headers30 = comparison({
  name: 'headers-30',
  about: 'GET with 30 header fields, header rule, sticky split, ~300-byte answer',
  weight: 45,
  traffic: headerRuledTraffic({ moreHeaders: MORE_HEADERS }),
  entrants: ENTRANTS,
  reference: nginxLua.name,
  goals: [{ what: '30 headers, CPU vs nginx + lua', against: nginxLua.name, atMost: 1, aim: 1 }],
});

const BODY_RULED: Traffic = {
  ...headerRuledTraffic(),
  rule: { kind: 'body', field: 'ConnectorID', values: ['pile-1001', 'pile-1002', 'pile-1003'] },
  requestOf: (user, index, caught) => ({
    method: 'POST',
    path: '/callback/notification',
    headers: {
      'user-agent': 'partner/2.1',
      accept: 'application/json',
      'content-type': 'application/json',
      'x-user': user,
    },
    body: jsonOfBytes(CALLBACK_BYTES, {
      OperatorID: '395815801',
      ConnectorID: caught ? 'pile-1002' : `pile-${2000 + index}`,
      UserID: user,
    }),
  }),
};

export const bodyMatch = comparison({
  name: 'body-match',
  about: 'POST of 1 KiB of JSON routed by a field of the body, sticky split by a header for all others',
  weight: 35,
  traffic: BODY_RULED,
  entrants: [graygate, nginxLuaBody].map((peer) => ({ peer })),
  readsBodies: true,
  reference: nginxLuaBody.name,
  goals: [
    { what: 'routed by a body field, CPU vs nginx + lua (cjson)', against: nginxLuaBody.name, atMost: 1, aim: 0.8 },
  ],
});
