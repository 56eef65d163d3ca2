import type { ConnectionSection, MeshSection } from './connection';
import type { HostSection, ProxyOptions } from './host';
import type { OptionList } from './option-list';
import type { OptionSections } from './option-sections';
import type { Position } from './position';
import type { VolumeSection } from './volume';

/** Connections that nothing is wrong with, as their ends tell already: what is left to do is done when one is asked for. */
export interface PostponedConnections {
  /** Every two of them have a connection. */
  readonly members: readonly HostSection[];
  /** Where a message about one of them points. */
  readonly position: Position;
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
  /** This host's section. */
  me: HostSection | undefined = undefined;
  /** This host only runs a proxy for `me`: the resource itself is another host's. */
  proxyOnly = false;
  private made: ConnectionSection[] = [];
  private postponedConnections: PostponedConnections | undefined = undefined;
  private steps: readonly (() => void)[] = [];

  constructor(
    readonly name: string,
    readonly position: Position,
  ) {}

  /** As written, until the configuration is completed; then also those of a mesh, or between two hosts. */
  get connections(): ConnectionSection[] {
    if (this.postponedConnections !== undefined) {
      this.postponedConnections = undefined;
      for (const step of this.steps) step();
    }
    return this.made;
  }

  /** Undefined once they have been asked for, or if they could not wait. */
  get postponed(): PostponedConnections | undefined {
    return this.postponedConnections;
  }

  /** `make` fills `connections` when somebody asks for them. */
  postponeConnections(postponed: PostponedConnections, make: () => void): void {
    this.postponedConnections = postponed;
    this.steps = [make];
  }

  /** A further step, for connections that are postponed. */
  postponeStep(step: () => void): void {
    this.steps = [...this.steps, step];
  }
}
