import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';

// The origin where nginx is not installed. Arguments: stable port, canary port, status port, padding.
const [stablePort, canaryPort, statusPort, padding = ''] = process.argv.slice(2);
let accepted = 0;

function listen(port: string | undefined, answer: (request: IncomingMessage, response: ServerResponse) => void): void {
  const server = createServer({ keepAliveTimeout: 3_600_000 }, answer);
  server.on('connection', () => {
    accepted += 1;
  });
  server.listen({ port: Number(port), host: '127.0.0.1', backlog: 4096 });
}

for (const [version, port] of Object.entries({ stable: stablePort, canary: canaryPort })) {
  const fixed = JSON.stringify({ version, padding });
  const fixedHead = { 'content-type': 'application/json', 'content-length': String(fixed.length) };
  listen(port, (request, response) => {
    if (request.url?.startsWith('/seen') !== true) {
      response.writeHead(200, fixedHead).end(fixed);
      return;
    }
    const { 'x-forwarded-for': forwardedFor = '', via = '' } = request.headers;
    response.writeHead(200, { 'content-type': 'application/json' });
    response.end(JSON.stringify({ version, forwardedFor, via }));
  });
}
// The words of nginx's stub_status, so that one reader serves both.
listen(statusPort, (_request, response) => {
  response.end(`server accepts handled requests\n ${accepted} ${accepted} 0 \n`);
});
