import { existsSync, readdirSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { programVersion } from './installed.ts';
import { NGINX_STREAMING, nginxPreamble, nginxTempPaths } from './nginx-preamble.ts';
import type { Peer, Site } from './peer.ts';

const MODULES = ['ndk_http_module.so', 'ngx_http_lua_module.so'];
const DIRECTORIES = ['/usr/lib/nginx/modules', '/usr/lib64/nginx/modules', '/usr/local/nginx/modules'];

const ROUTES = { split: true, rule: true, stamps: true } as const;
const COUNTS = 'X-Forwarded-*, Via, request id, counters and latency histogram per route, rule and version';

/** nginx with lua doing what graygate does for the same request: rule, hash, stamps, and numbers an operator can read. */
export const nginxLua: Peer = {
  name: 'nginx + lua',
  work: `header rule, hash split (crc32), ${COUNTS}`,
  routes: ROUTES,
  missing: () => (hasLua() ? null : 'apt-get install nginx libnginx-mod-http-lua'),
  version: () => programVersion('nginx', '-v') ?? '',
  prepare,
};

/** The same, with a rule on a field of the body: read whole, decoded with cjson. */
export const nginxLuaBody: Peer = {
  name: 'nginx + lua (cjson)',
  work: `body rule (cjson), hash split (crc32), ${COUNTS}`,
  routes: ROUTES,
  missing: () => (hasLua() && hasCjson() ? null : 'apt-get install nginx libnginx-mod-http-lua lua-cjson'),
  version: () => programVersion('nginx', '-v') ?? '',
  prepare,
};

async function prepare(site: Site) {
  await mkdir(site.directory, { recursive: true });
  const configuration = luaConfiguration(site);
  const file = join(site.directory, 'nginx.conf');
  await writeFile(file, configuration);
  return { command: 'nginx', args: ['-c', file], configuration };
}

function hasLua(): boolean {
  return programVersion('nginx', '-v') !== null && moduleDirectory() !== undefined;
}

function moduleDirectory(): string | undefined {
  return DIRECTORIES.find((directory) => MODULES.every((module) => existsSync(join(directory, module))));
}

/** Debian has it under the machine's own library directory. */
function hasCjson(): boolean {
  const libraries = ['/usr/lib', '/usr/local/lib'].filter((directory) => existsSync(directory));
  const places = libraries.flatMap((directory) => [
    directory,
    ...readdirSync(directory).map((one) => join(directory, one)),
  ]);
  return places.some((place) => existsSync(join(place, 'lua/5.1/cjson.so')));
}

function decide({ traffic }: Site): string {
  const { rule, userHeader, canaryPercent } = traffic;
  const header = (name: string) => `ngx.var.http_${name.replaceAll('-', '_')}`;
  const readBody = `ngx.req.read_body()
        local body = cjson.decode(ngx.req.get_body_data() or "")
        local caught = type(body) == "table" and type(body.${rule.kind === 'body' ? rule.field : ''}) == "string"
          and listed[body.${rule.kind === 'body' ? rule.field : ''}]`;
  const readHeader = rule.kind === 'header' ? `local caught = ${header(rule.name)} == "${rule.value}"` : '';
  return `${rule.kind === 'body' ? readBody : readHeader}
        if caught then
          ngx.var.rule = "beta"
          ngx.var.version = "canary"
        else
          local user = ${header(userHeader)}
          local draw = user and ngx.crc32_short(user) % 10000 or math.random(0, 9999)
          if draw < ${canaryPercent * 100} then ngx.var.version = "canary" end
        end`;
}

function listed({ traffic: { rule } }: Site): string {
  if (rule.kind === 'header') return '';
  const entries = rule.values.map((value) => `["${value}"] = true`);
  return `cjson = require "cjson.safe"\n    listed = { ${entries.join(', ')} }`;
}

function luaConfiguration(site: Site): string {
  const { directory, port, origin, traffic, setup } = site;
  const isBodyRead = traffic.rule.kind === 'body';
  return `${MODULES.map((module) => `load_module ${moduleDirectory()}/${module};`).join('\n')}
${nginxPreamble(directory, 'proxy', Math.max(8192, traffic.connections * 2), Math.max(1, setup.workers))}
http {
${nginxTempPaths(directory)}
  access_log off;
  keepalive_requests 1000000000;
  keepalive_timeout 1h;
  lua_shared_dict counters 4m;
  upstream stable { server 127.0.0.1:${origin.stablePort}; keepalive 256; keepalive_requests 1000000000; }
  upstream canary { server 127.0.0.1:${origin.canaryPort}; keepalive 256; keepalive_requests 1000000000; }
  init_by_lua_block {
    ${listed(site)}
    limits = { 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10 }
    -- Every name is made once: a string built per request would cost more than the counting.
    names = {}
    for _, version in ipairs({ "stable", "canary" }) do
      for _, rule in ipairs({ "", "beta" }) do
        local base = "orders," .. rule .. "," .. version
        local arm = { statuses = {}, buckets = {}, sum = base .. ",sum" }
        for class = 1, 5 do arm.statuses[class] = base .. ",requests," .. class end
        for index = 1, #limits + 1 do arm.buckets[index] = base .. ",bucket," .. index end
        names[version .. rule] = arm
      end
    end
  }
  server {
    listen 127.0.0.1:${port} backlog=4096;
    location / {
      set $version stable;
      set $rule "";
      access_by_lua_block {
        ${decide(site)}
      }
      log_by_lua_block {
        local counters = ngx.shared.counters
        local arm = names[ngx.var.version .. ngx.var.rule]
        local seconds = tonumber(ngx.var.request_time)
        local bucket = 1
        while limits[bucket] and seconds > limits[bucket] do bucket = bucket + 1 end
        counters:incr(arm.statuses[math.floor(ngx.status / 100)], 1, 0)
        counters:incr(arm.buckets[bucket], 1, 0)
        counters:incr(arm.sum, seconds, 0)
      }
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_set_header Host $http_host;
      proxy_set_header X-Forwarded-For $remote_addr;
      proxy_set_header X-Forwarded-Proto $scheme;
      proxy_set_header X-Forwarded-Host $http_host;
      proxy_set_header X-Request-Id $request_id;
      proxy_set_header Via "1.1 nginx";
      ${isBodyRead ? 'client_body_buffer_size 64k;' : NGINX_STREAMING}
      proxy_pass http://$version;
    }
  }
}
`;
}
