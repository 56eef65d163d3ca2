export type { Connector, ConnectorListener, ConnectorOptions, Link, LinkListener } from './link';
