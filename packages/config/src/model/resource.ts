import type { ConnectionSection, MeshSection } from './connection';
import type { HostSection, ProxyOptions } from './host';
import type { OptionList } from './option-list';
import type { OptionSections } from './option-sections';
import type { Position } from './position';
import { trimmed } from './trimmed';
import type { VolumeSection } from './volume';

/** Connections that follow from the hosts alone: nothing is wrong with them. */
export interface ImpliedConnections {
  /** Every two of them have a connection. */
  readonly members: readonly HostSection[];
  /** Where a message about one of them points. */
  readonly position: Position;
}

/**
 * Most commands look at one resource of many. What is left to do for the volumes of its hosts and for its connections,
 * where nothing can be wrong any more, is done when somebody asks for one of them.
 */
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
  /** As far as they are completed. */
  unsettledConnections: ConnectionSection[] = [];
  private postponed: (() => void)[] | undefined = undefined;

  constructor(
    readonly name: string,
    readonly position: Position,
  ) {}

  /** As written, until the configuration is completed; then also those of a mesh, or between two hosts. */
  get connections(): ConnectionSection[] {
    this.settle();
    return this.unsettledConnections;
  }

  /** Behind what is postponed already. */
  postpone(step: () => void): void {
    if (this.postponed !== undefined) {
      this.postponed.push(step);
      return;
    }
    this.postponed = [step];
    for (const host of this.hosts) host.resource = this;
  }

  /** Does what is postponed; the steps themselves see what those before them have made. */
  settle(): void {
    const steps = this.postponed;
    this.postponed = undefined;
    steps?.forEach((step) => step());
  }

  /** For a section that has been read. */
  trim(): void {
    this.net = trimmed(this.net);
    this.resource = trimmed(this.resource);
    this.volumes = trimmed(this.volumes);
    this.hosts = trimmed(this.hosts);
    this.meshes = trimmed(this.meshes);
    this.unsettledConnections = trimmed(this.unsettledConnections);
  }
}
