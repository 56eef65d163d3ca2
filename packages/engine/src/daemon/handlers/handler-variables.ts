import type { EndpointAddress } from '../../control';
import type { HandlerCall } from '../../core';

/** What a handler's variables are made of. */
export interface HandlerSubject {
  /** Of the connection, where the event has one: its first path and its state. */
  readonly connection: {
    readonly path: { readonly local: EndpointAddress; readonly peer: EndpointAddress } | null;
    readonly state: string;
  } | null;
  readonly volumes: readonly {
    readonly volume: number;
    readonly minor: number;
    readonly backingDevice: string | null;
  }[];
}

/** The module's variables for handlers, beside HOME, TERM and PATH. Source: adm.md 7.1. */
export function handlerVariables(call: HandlerCall, subject: HandlerSubject): Record<string, string> {
  const variables: Record<string, string> = {};
  const own = subject.volumes.find(({ minor }) => minor === call.minor);
  if (own !== undefined) {
    variables['DRBD_MINOR'] = String(own.minor);
    variables['DRBD_VOLUME'] = String(own.volume);
    variables['DRBD_BACKING_DEV'] = own.backingDevice ?? '';
  } else {
    for (const { volume, minor, backingDevice } of subject.volumes) {
      variables[`DRBD_MINOR_${volume}`] = String(minor);
      variables[`DRBD_BACKING_DEV_${volume}`] = backingDevice ?? '';
    }
  }
  if (call.upToDateNodes !== undefined) {
    variables['UP_TO_DATE_NODES'] = `0x${call.upToDateNodes.toString(16).toUpperCase().padStart(8, '0')}`;
  }
  const { connection } = subject;
  if (connection === null) return variables;
  if (call.peerNodeId !== null) variables['DRBD_PEER_NODE_ID'] = String(call.peerNodeId);
  variables['DRBD_CSTATE'] = connection.state;
  if (connection.path !== null) {
    const { local, peer } = connection.path;
    variables['DRBD_MY_ADDRESS'] = local.address;
    variables['DRBD_MY_AF'] = local.family;
    variables['DRBD_PEER_ADDRESS'] = peer.address;
    variables['DRBD_PEER_AF'] = peer.family;
  }
  return variables;
}
