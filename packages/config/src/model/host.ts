import type { Address } from './address';
import type { OptionList, OptionSetting } from './option-list';
import type { Position } from './position';
import type { VolumeSection } from './volume';

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

export interface HostSection {
  readonly kind: HostKind;
  /** The `on` list; for floating sections the name made of the address; for stacked ones the lower resource's hosts. */
  names: readonly string[];
  readonly position: Position;
  address: Address | undefined;
  /** The text of the `node-id` statement; it may carry a unit letter. */
  nodeId: string | undefined;
  volumes: VolumeSection[];
  options: OptionList;
  proxy: ProxySection | undefined;
  /** Lower resource of a stacked section. */
  readonly lower: string | undefined;
}
