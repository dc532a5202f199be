/**
 * Counters and health over HTTP, for Prometheus and for probes: GET /metrics, /livez and /readyz, in plain
 * text. Nothing here can change anything, so whoever can connect may ask; everything is bounded, and every
 * connection is asked once.
 */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { HTTP_CLIENTS_MAX, HTTP_HEADER_BYTES_MAX, HTTP_REQUEST_MS } from '../base/limits.ts';
import type { Listen } from '../transport/addresses.ts';
import type { Refusal } from './doors.ts';
import { EXPOSITION_TYPE } from './exposition.ts';

export interface Told {
  readonly metrics: () => string;
  /** Whether the server can still answer itself. */
  readonly isAlive: () => boolean;
  /** Whether zones are loaded and doors open, and nobody has told it to stop. */
  readonly isReady: () => boolean;
}

export interface HttpDoor {
  readonly address: Listen;
  close(): Promise<void>;
}

/** One attempt; a refusal is what the system said. */
export async function openHttp(listen: Listen, told: Told): Promise<HttpDoor | Refusal> {
  const server = createServer(
    {
      maxHeaderSize: HTTP_HEADER_BYTES_MAX,
      headersTimeout: HTTP_REQUEST_MS,
      requestTimeout: HTTP_REQUEST_MS,
      connectionsCheckingInterval: HTTP_REQUEST_MS / 5,
    },
    (request, response) => answer(request, response, told),
  );
  server.maxConnections = HTTP_CLIENTS_MAX;
  // A peer that neither asks nor takes what it asked for.
  server.setTimeout(HTTP_REQUEST_MS, (socket) => socket.destroy());
  const listening = once(server, 'listening');
  // `*` is every address: `::` takes IPv4 as well.
  server.listen({ host: listen.address === '*' ? '::' : listen.address, port: listen.port, exclusive: true });
  try {
    await listening;
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    return { listen, via: 'TCP', code: code ?? message };
  }
  // EMFILE and its kin at accept: that connection is lost, the server lives.
  server.on('error', () => {});
  return doorOf(server);
}

function doorOf(server: Server): HttpDoor {
  const { address, port } = server.address() as AddressInfo;
  return {
    address: { address, port },
    async close() {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

function answer(request: IncomingMessage, response: ServerResponse, told: Told): void {
  const [path] = (request.url ?? '').split('?', 1);
  const page = path === undefined ? undefined : pageOf(path, told);
  if (page === undefined) send(response, 404, 'there is /metrics, /livez and /readyz\n');
  else if (request.method !== 'GET') {
    response.setHeader('Allow', 'GET');
    send(response, 405, 'GET is all that can be done here\n');
  } else page(response);
}

function pageOf(path: string, told: Told): ((response: ServerResponse) => void) | undefined {
  if (path === '/metrics') return (response) => send(response, 200, told.metrics(), EXPOSITION_TYPE);
  if (path === '/livez') return (response) => verdict(response, told.isAlive());
  if (path === '/readyz') return (response) => verdict(response, told.isReady());
  return undefined;
}

const verdict = (response: ServerResponse, isWell: boolean): void =>
  send(response, isWell ? 200 : 503, isWell ? 'ok\n' : 'no\n');

function send(response: ServerResponse, status: number, text: string, type = 'text/plain'): void {
  response.shouldKeepAlive = false;
  response.writeHead(status, {
    'Content-Type': type,
    'Content-Length': Buffer.byteLength(text),
    'Cache-Control': 'no-store',
    'X-Content-Type-Options': 'nosniff',
  });
  response.end(text);
}
