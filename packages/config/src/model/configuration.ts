/**
 * The whole configuration, as parsed and then completed in place by `resolve/` (which owns it until the loader hands
 * it out). One host's finished view of it is in `resolved.ts`.
 */
import type { OptionSections } from './option-sections';
import type { ResourceSection } from './resource';

export interface GlobalSettings {
  disableIpVerification: boolean;
  udevAlwaysUseVnr: boolean;
  /** 0 = computed. */
  minorCount: number;
  /** Seconds. */
  dialogRefresh: number;
  usageCount: 'yes' | 'no' | 'ask';
  /** Seconds, 0 = no limit. */
  commandTimeoutShort: number;
  commandTimeoutMedium: number;
  commandTimeoutLong: number;
}

export function defaultGlobalSettings(): GlobalSettings {
  return {
    disableIpVerification: false,
    udevAlwaysUseVnr: false,
    minorCount: 0,
    dialogRefresh: 1,
    usageCount: 'ask',
    commandTimeoutShort: 5,
    commandTimeoutMedium: 600,
    commandTimeoutLong: 0,
  };
}

export interface Configuration {
  /** Canonical path of the main file, or `STDIN`. */
  readonly file: string;
  /** The name the main file was opened with. */
  readonly openedAs: string;
  readonly global: GlobalSettings;
  common: OptionSections | undefined;
  readonly resources: ResourceSection[];
}

/** This host takes no part in the resource: commands other than `dump` skip it. */
export function isIgnored(resource: ResourceSection): boolean {
  return resource.me === undefined;
}

export function isStacked(resource: ResourceSection): boolean {
  return resource.me?.kind === 'stacked';
}
