/**
 * One host's finished view of a resource: inheritance applied, peers and addresses found. Everything that drbdadm's
 * commands need to plan drbdsetup and drbdmeta command lines. Option values are still drbd.conf's texts.
 */
import type { Address } from './address';
import type { MetaDisk } from './volume';
import type { OptionSetting } from './option-list';
import type { Position } from './position';

export interface ResolvedResource {
  readonly name: string;
  /** Where the resource section opens; prints as `file:line`. */
  readonly position: Position;
  readonly stacked: boolean;
  /** The resource that a stacked one stands on. */
  readonly lowerResource: string | undefined;
  readonly me: ResolvedHost;
  /** Every host section in written order, also `me`. */
  readonly hosts: readonly ResolvedHost[];
  /** Own volumes by ascending number. */
  readonly volumes: readonly ResolvedVolume[];
  /** Connections that this host takes part in, in configuration order. */
  readonly connections: readonly ResolvedConnection[];
  /** new-resource, resource-options. */
  readonly resourceOptions: readonly OptionSetting[];
  readonly handlers: readonly OptionSetting[];
  readonly startup: readonly OptionSetting[];
  readonly stackedTimeouts: boolean;
}

export interface ResolvedHost {
  readonly names: readonly string[];
  /** Undefined if the configuration was taken from a running state without one. */
  readonly nodeId: number | undefined;
  readonly address: Address | undefined;
  /** True for `disk none` or no disk: `diskless` volumes of the host by number. */
  readonly volumes: readonly { readonly vnr: number; readonly diskless: boolean; readonly tiebreaker: boolean }[];
}

export interface ResolvedVolume {
  readonly vnr: number;
  /** Written without a `volume` section: names of it need no `/0`. */
  readonly implicit: boolean;
  readonly minor: number;
  /** Device name: as configured, else `/dev/drbdN`. */
  readonly device: string;
  /** Undefined if diskless. */
  readonly disk: string | undefined;
  /** Undefined if diskless. */
  readonly metaDisk: MetaDisk | undefined;
  /** attach, disk-options; resync-after is a minor number already. */
  readonly diskOptions: readonly OptionSetting[];
  /** new-minor. */
  readonly deviceOptions: readonly OptionSetting[];
}

export interface ResolvedConnection {
  readonly position: Position;
  readonly origin: 'written' | 'implicit' | 'mesh';
  readonly peerNodeId: number;
  readonly peerHostNames: readonly string[];
  /** DRBD's connection name: the `_name` option. */
  readonly name: string;
  /** new-peer, net-options; `_name` is first. */
  readonly netOptions: readonly OptionSetting[];
  readonly paths: readonly ResolvedPath[];
  /** Peer-device options by volume; declared volumes first, then the others. */
  readonly peerDevices: readonly ResolvedPeerDevice[];
}

export interface ResolvedPath {
  /** What this host binds. */
  readonly local: Address;
  /** What this host connects to (the own proxy's inside address, the peer's outside address, or its address). */
  readonly peer: Address;
}

export interface ResolvedPeerDevice {
  readonly vnr: number;
  /** peer-device-options; empty if nothing is configured. */
  readonly options: readonly OptionSetting[];
}
