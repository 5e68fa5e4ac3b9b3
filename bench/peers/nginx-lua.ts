import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { programVersion } from './installed.ts';
import { nginxPreamble, nginxTempPaths } from './nginx-preamble.ts';
import type { Peer, Site } from './peer.ts';

const MODULES = ['ndk_http_module.so', 'ngx_http_lua_module.so'];
const DIRECTORIES = ['/usr/lib/nginx/modules', '/usr/lib64/nginx/modules', '/usr/local/nginx/modules'];

/** nginx with lua doing what graygate does for the same request: rule, hash, stamps, and numbers an operator can read. */
export const nginxLua: Peer = {
  name: 'nginx + lua',
  work: 'header rule, hash split (crc32), X-Forwarded-*, Via, request id, counters and latency histogram per route, rule and version',
  routes: { split: true, rule: true, stamps: true },
  quick: true,
  missing: () =>
    programVersion('nginx', '-v') === null || moduleDirectory() === undefined
      ? 'apt-get install nginx libnginx-mod-http-lua'
      : null,
  version: () => programVersion('nginx', '-v') ?? '',
  async prepare(site) {
    await mkdir(site.directory, { recursive: true });
    const configuration = luaConfiguration(site);
    const file = join(site.directory, 'nginx.conf');
    await writeFile(file, configuration);
    return { command: 'nginx', args: ['-c', file], configuration };
  },
};

function moduleDirectory(): string | undefined {
  return DIRECTORIES.find((directory) => MODULES.every((module) => existsSync(join(directory, module))));
}

function luaConfiguration({ directory, port, stablePort, canaryPort, scenario }: Site): string {
  const variable = (header: string) => `ngx.var.http_${header.replaceAll('-', '_')}`;
  return `${MODULES.map((module) => `load_module ${moduleDirectory()}/${module};`).join('\n')}
${nginxPreamble(directory, 'proxy')}
http {
${nginxTempPaths(directory)}
  access_log off;
  keepalive_requests 1000000000;
  keepalive_timeout 1h;
  lua_shared_dict counters 4m;
  upstream stable { server 127.0.0.1:${stablePort}; keepalive 256; keepalive_requests 1000000000; }
  upstream canary { server 127.0.0.1:${canaryPort}; keepalive 256; keepalive_requests 1000000000; }
  init_by_lua_block {
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
        if ${variable(scenario.rule.header)} == "${scenario.rule.value}" then
          ngx.var.rule = "beta"
          ngx.var.version = "canary"
        else
          local user = ${variable(scenario.userHeader)}
          local draw = user and ngx.crc32_short(user) % 10000 or math.random(0, 9999)
          if draw < ${scenario.canaryPercent * 100} then ngx.var.version = "canary" end
        end
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
      proxy_pass http://$version;
    }
  }
}
`;
}
