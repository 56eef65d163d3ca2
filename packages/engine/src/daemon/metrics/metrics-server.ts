/** `GET /metrics` over plain HTTP, where /etc/tsdrbd.ini asks for it. Nothing can be changed through it. */
import { createServer } from 'node:http';
import type { NodeState } from '../../control';
import { renderNodeMetrics } from './node-metrics';

export interface MetricsEndpoint {
  readonly host: string;
  readonly port: number;
}

export interface MetricsServerDependencies {
  readonly snapshot: () => NodeState;
  readonly onError: (error: unknown) => void;
}

export interface MetricsServer {
  readonly port: number;
  close(): Promise<void>;
}

const REQUEST_TIMEOUT_MS = 5000;
/** Scrapers come one after the other; more than these are turned away. */
const CONNECTIONS_MAX = 16;

/** Rejects with what the operating system says about the address. */
export function startMetricsServer(
  { host, port }: MetricsEndpoint,
  { snapshot, onError }: MetricsServerDependencies,
): Promise<MetricsServer> {
  const server = createServer({ requestTimeout: REQUEST_TIMEOUT_MS }, (request, response) => {
    const path = request.url?.split('?')[0];
    if (path !== '/metrics') return void response.writeHead(404).end('only /metrics is here\n');
    if (request.method !== 'GET' && request.method !== 'HEAD') return void response.writeHead(405).end();
    renderNodeMetrics(snapshot()).then(
      ({ contentType, text }) => response.writeHead(200, { 'content-type': contentType }).end(text),
      (error: unknown) => {
        onError(error);
        response.writeHead(500).end('no metrics: see the log\n');
      },
    );
  });
  server.maxConnections = CONNECTIONS_MAX;
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      server.off('error', reject).on('error', onError);
      const address = server.address();
      resolve({
        port: typeof address === 'object' && address !== null ? address.port : port,
        close: () =>
          new Promise((closed) => {
            server.close(() => closed());
            server.closeAllConnections();
          }),
      });
    });
  });
}
