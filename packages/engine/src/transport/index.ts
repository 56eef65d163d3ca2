export { digest, digestSizeBytes, hmac, hmacSizeBytes } from './digest';
export type { Connector, ConnectorListener, ConnectorOptions, Link, LinkListener } from './link';
export { simulatedPair } from './simulated/simulated-link';
export type { Direction, Scheduler, SimulatedPair, SimulatedPairOptions } from './simulated/simulated-link';
export { TcpTransport } from './tcp/tcp-transport';
