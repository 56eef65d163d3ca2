import type { ConnectionSection, MeshSection } from './connection';
import type { HostSection, ProxyOptions } from './host';
import type { OptionList } from './option-list';
import type { OptionSections } from './option-sections';
import type { Position } from './position';
import type { Postponed } from './postponed';
import type { VolumeSection } from './volume';

/** Connections that follow from the hosts alone: nothing is wrong with them, and most commands never look at them. */
export interface ImpliedConnections {
  /** Every two of them have a connection. */
  readonly members: readonly HostSection[];
  /** Where a message about one of them points. */
  readonly position: Position;
  readonly connections: Postponed<ConnectionSection[]>;
}

export class ResourceSection implements OptionSections {
  net: OptionList = [];
  disk: OptionList = [];
  peerDevice: OptionList = [];
  device: OptionList = [];
  resource: OptionList = [];
  startup: OptionList = [];
  handlers: OptionList = [];
  proxy: ProxyOptions = { options: [], plugins: [] };
  stackedTimeouts = false;
  templateFile: string | undefined = undefined;
  template: OptionSections | undefined = undefined;
  volumes: VolumeSection[] = [];
  hosts: HostSection[] = [];
  meshes: MeshSection[] = [];
  /** Undefined until the configuration is completed, and for resources that say more of their connections. */
  implied: ImpliedConnections | undefined = undefined;
  /** This host's section. */
  me: HostSection | undefined = undefined;
  /** This host only runs a proxy for `me`: the resource itself is another host's. */
  proxyOnly = false;
  private readonly listed: ConnectionSection[] = [];

  constructor(
    readonly name: string,
    readonly position: Position,
  ) {}

  /** Lists as long as what is in them: V8 leaves room for 16 more in each that something was added to. */
  trim(): void {
    this.net = this.net.slice();
    this.resource = this.resource.slice();
    this.volumes = this.volumes.slice();
    this.hosts = this.hosts.slice();
    this.meshes = this.meshes.slice();
  }

  /** As written, until the configuration is completed; then also those of a mesh, or between two hosts. */
  get connections(): ConnectionSection[] {
    return this.implied?.connections.value ?? this.listed;
  }
}
