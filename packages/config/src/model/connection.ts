import type { Address } from './address';
import type { HostSection, ProxySection } from './host';
import type { OptionList } from './option-list';
import type { Position } from './position';

/** One `host` (or bare `address`) statement of a connection or path. */
export interface EndpointSection {
  readonly position: Position;
  /** Undefined for a bare `address`. */
  readonly name: string | undefined;
  /** As written; `port` alone leaves the address to the host section. */
  readonly address: Address | undefined;
  readonly port: string | undefined;
  proxy: ProxySection | undefined;
  /** `via outside-address`: where peers connect to instead. */
  outsideAddress: Address | undefined;
  readonly role: 'host' | 'this' | 'remote';
  /** Found after parsing: the host section, and the address that is used. */
  host: HostSection | undefined;
  resolvedAddress: Address | undefined;
}

export interface PathSection {
  readonly position: Position;
  /** Made by `host` statements that stand directly in the connection. */
  readonly implicit: boolean;
  endpoints: EndpointSection[];
}

/** `volume N { disk { } }` of a connection; after resolving, one for every volume of the connection. */
export interface PeerDeviceSection {
  readonly vnr: number;
  readonly position: Position;
  /** False for those added for volumes that the connection does not mention. */
  readonly written: boolean;
  options: OptionList;
}

export interface ConnectionSection {
  readonly position: Position;
  /** `written`, or made for two hosts without a connection, or by a connection-mesh. */
  readonly origin: 'written' | 'implicit' | 'mesh';
  paths: PathSection[];
  netOptions: OptionList;
  peerDeviceOptions: OptionList;
  readonly peerDevices: PeerDeviceSection[];
  /** `_peer_node_id`, `_cstate`: what `drbdsetup show` prints. */
  peerNodeId: string | undefined;
  connectionState: string | undefined;
  /** True if this host takes no part in it. */
  ignored: boolean;
}

export interface MeshSection {
  readonly position: Position;
  readonly hosts: readonly string[];
  readonly netOptions: OptionList;
}
