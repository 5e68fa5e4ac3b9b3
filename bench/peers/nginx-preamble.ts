/** What every nginx of the bench begins with: in the foreground, its files in a directory of the run. */
export function nginxPreamble(directory: string, name: string, connections = 8192, workers = 1): string {
  // Only a master that runs as root may name a user; its worker must be able to read the directory of the run.
  const user = process.getuid?.() === 0 ? 'user root;\n' : '';
  return `${user}worker_processes ${workers};
daemon off;
pid ${directory}/${name}.pid;
error_log ${directory}/${name}.log warn;
events { worker_connections ${connections}; }`;
}

/** Temporary paths that a user other than root can write. Belongs into the http block. */
export function nginxTempPaths(directory: string): string {
  return ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
    .map((kind) => `  ${kind}_temp_path ${directory}/${kind};`)
    .join('\n');
}

/** What a proxying location needs to stream bodies of any size both ways without a file between. */
export const NGINX_STREAMING = `client_max_body_size 0;
      proxy_request_buffering off;
      proxy_max_temp_file_size 0;`;

/** The same for large bodies: of several sizes tried, the cheapest for nginx. */
export const NGINX_LARGE_BUFFERS = `${NGINX_STREAMING}
      proxy_buffer_size 64k;
      proxy_buffers 4 64k;
      proxy_busy_buffers_size 128k;`;
