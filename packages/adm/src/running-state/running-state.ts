/** What runs, as `drbdsetup show` tells it. Source: adm.md 4.1. */
import type { Address, MetaDisk, ResolvedOption } from '@tsdrbd/config';

export interface RunningResource {
  readonly name: string;
  readonly options: RunningOptions;
  readonly volumes: readonly RunningVolume[];
  readonly connections: readonly RunningConnection[];
}

export interface RunningOptions {
  readonly settings: readonly ResolvedOption[];
  /** Options that the engine does not know: they are never sent to it. */
  readonly unknown: ReadonlySet<string>;
}

export interface RunningVolume {
  readonly number: number;
  readonly minor: number;
  /** null: diskless. */
  readonly disk: string | null;
  readonly metaDisk: MetaDisk;
  readonly options: RunningOptions;
}

export interface RunningConnection {
  readonly peerNodeId: string;
  readonly paths: readonly RunningPath[];
  /** `StandAlone`, `Connecting`, ... `Connected`; missing in the text: StandAlone. */
  readonly state: string;
  readonly options: RunningOptions;
  readonly peerDevices: readonly { readonly volumeNumber: number; readonly options: RunningOptions }[];
}

export interface RunningPath {
  readonly local: Address;
  readonly peer: Address;
  /** Lines of the text on which the two stand. */
  readonly lines: { readonly local: number; readonly peer: number };
}

export const NO_OPTIONS: RunningOptions = { settings: [], unknown: new Set() };
