/**
 * One host's finished view of a resource: inheritance applied, peers and addresses found. Everything that drbdadm's
 * commands need to plan drbdsetup and drbdmeta command lines. Option values are still drbd.conf's texts.
 * Sources: config.md 5 and 6, adm.md 3.
 */
import type { Address } from './address';
import type { Position } from './position';
import type { MetaDisk } from './volume';

/** An option as it is passed on: the text of the configuration, units untouched. */
export interface ResolvedOption {
  readonly name: string;
  readonly value: string;
}

export interface ResolvedResource {
  readonly name: string;
  /** Canonical path of the file that defines it, and the line of its `{`. */
  readonly file: string;
  readonly line: number;
  /** The resource below, if this host's section is `stacked-on-top-of`. */
  readonly lowerResource: string | null;
  readonly nodeId: string;
  /** Every host section in written order, this host's too. */
  readonly hosts: readonly ResolvedHost[];
  /** Of this host, ascending by number. */
  readonly volumes: readonly ResolvedVolume[];
  /** Those that this host has an end of, in the order of the configuration. */
  readonly connections: readonly ResolvedConnection[];
  /** new-resource, resource-options. */
  readonly resourceOptions: readonly ResolvedOption[];
  /** Of the resource; the connections have inherited them already. */
  readonly netOptions: readonly ResolvedOption[];
  readonly startupOptions: readonly ResolvedOption[];
  readonly stackedTimeouts: boolean;
  /** Handler name to shell command. */
  readonly handlers: ReadonlyMap<string, string>;
}

export interface ResolvedHost {
  readonly names: readonly string[];
  readonly nodeId: string;
  readonly address: Address | null;
  readonly isMe: boolean;
}

export interface ResolvedVolume {
  readonly number: number;
  readonly minor: number;
  /** As configured, `/dev/drbd7` if it is not. */
  readonly deviceName: string;
  /** Not written as a `volume` section: names of it may leave the number out. */
  readonly isImplicit: boolean;
  /** null: diskless here. */
  readonly backing: ResolvedBacking | null;
  /** attach, disk-options; `resync-after` is a minor number already. */
  readonly diskOptions: readonly ResolvedOption[];
  /** new-minor. */
  readonly deviceOptions: readonly ResolvedOption[];
}

export interface ResolvedBacking {
  readonly disk: string;
  readonly metaDisk: MetaDisk;
}

export interface ResolvedConnection {
  readonly position: Position;
  readonly peerNodeId: string;
  readonly peerHostNames: readonly string[];
  /** DRBD's connection name, the `_name` option; what `RES:PEER` may say besides a host name. */
  readonly name: string;
  /** new-peer, net-options; `_name` is first. */
  readonly netOptions: readonly ResolvedOption[];
  readonly paths: readonly ResolvedPath[];
  /** One per volume: those that the connection mentions first, then the others ascending. */
  readonly peerDevices: readonly ResolvedPeerDevice[];
}

export interface ResolvedPath {
  /** What this host binds. */
  readonly local: Address;
  /** What this host connects to: the own proxy's inside address, the peer's outside address, or the peer's address. */
  readonly peer: Address;
  /** null: the two hosts talk without proxies. */
  readonly proxy: ResolvedProxy | null;
}

/** This side's proxy of a path; tsdrbd plans for it and runs none. */
export interface ResolvedProxy {
  /** The hosts that it may run on. */
  readonly hosts: readonly string[];
  /** Of the sections that the path connects: this side's, the peer's. */
  readonly hostNames: readonly string[];
  readonly peerHostNames: readonly string[];
  readonly peerProxyHosts: readonly string[];
  /** Where the local DRBD connects to, where the proxies talk to each other, and where the local DRBD listens. */
  readonly inside: Address;
  readonly outside: Address;
  readonly peerOutside: Address;
  readonly local: Address;
  readonly options: readonly ResolvedOption[];
  /** Each with its words, as `zlib level 9`. */
  readonly plugins: readonly string[];
}

export interface ResolvedPeerDevice {
  readonly volumeNumber: number;
  readonly peerHasDisk: boolean;
  /** peer-device-options; empty if nothing is configured. */
  readonly options: readonly ResolvedOption[];
}
