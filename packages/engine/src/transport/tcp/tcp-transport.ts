import type { Connector, ConnectorListener, ConnectorOptions } from '../link';
import { SharedListener } from './shared-listener';
import { TcpConnector } from './tcp-connector';

/** All TCP of one process: hands out connectors, which share listening ports by local address. */
export class TcpTransport {
  private readonly listeners = new Map<string, SharedListener>();

  /** `random` in [0, 1): the coins of crossed connects. */
  constructor(private readonly dependencies: { readonly random: () => number }) {}

  connector(options: ConnectorOptions, listener: ConnectorListener): Connector {
    const key = `${options.localHost} ${options.localPort}`;
    const sharedListener = this.listeners.get(key) ?? new SharedListener(options.localHost, options.localPort);
    this.listeners.set(key, sharedListener);
    return new TcpConnector(options, listener, {
      sharedListener,
      random: this.dependencies.random,
      released: () => {
        if (sharedListener.empty && this.listeners.get(key) === sharedListener) this.listeners.delete(key);
      },
    });
  }
}
