import type { Address } from './address';
import type { OptionList, OptionSetting } from './option-list';
import type { Position } from './position';
import { copyVolume, type VolumeSection } from './volume';

/** `proxy { }` options: the ones with names, and the lines of the plugin block. */
export interface ProxyOptions {
  options: OptionList;
  plugins: OptionSetting[];
}

/** `proxy on HOSTS { inside ...; outside ...; }` */
export interface ProxySection extends ProxyOptions {
  readonly hosts: readonly string[];
  inside: Address | undefined;
  outside: Address | undefined;
}

/** `this` is the `_this_host` section that `drbdsetup show` prints. */
export type HostKind = 'on' | 'floating' | 'stacked' | 'this';

export class HostSection {
  /** The text of the `node-id` statement; it may carry a unit letter. */
  nodeId: string | undefined = undefined;
  options: OptionList = [];
  proxy: ProxySection | undefined = undefined;
  /** It says nothing of its own: its volumes are those of the resource, and the same objects for all hosts. */
  sharesVolumes = false;
  /** What they wait for. */
  resource: { settle(): void } | undefined = undefined;
  /** As far as they are completed. */
  unsettledVolumes: VolumeSection[] = [];

  constructor(
    readonly kind: HostKind,
    /** The `on` list; for floating sections the name made of the address; for stacked ones the lower resource's hosts. */
    public names: readonly string[],
    readonly position: Position,
    public address: Address | undefined = undefined,
    /** Lower resource of a stacked section. */
    readonly lower: string | undefined = undefined,
  ) {}

  /** As written, until the configuration is completed. */
  get volumes(): VolumeSection[] {
    this.resource?.settle();
    return this.unsettledVolumes;
  }

  /** Where something is to be said of the volumes of each host. */
  unshareVolumes(): void {
    if (!this.sharesVolumes) return;
    this.unsettledVolumes = this.volumes.map(copyVolume);
    this.sharesVolumes = false;
  }
}
