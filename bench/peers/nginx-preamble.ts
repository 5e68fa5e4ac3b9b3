/** What every nginx of the bench begins with: one worker, in the foreground, its files in a directory of the run. */
export function nginxPreamble(directory: string, name: string): string {
  // Only a master that runs as root may name a user; its worker must be able to read the directory of the run.
  const user = process.getuid?.() === 0 ? 'user root;\n' : '';
  return `${user}worker_processes 1;
daemon off;
pid ${directory}/${name}.pid;
error_log ${directory}/${name}.log warn;
events { worker_connections 8192; }`;
}

/** Temporary paths that a user other than root can write. Belongs into the http block. */
export function nginxTempPaths(directory: string): string {
  return ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
    .map((kind) => `  ${kind}_temp_path ${directory}/${kind};`)
    .join('\n');
}
