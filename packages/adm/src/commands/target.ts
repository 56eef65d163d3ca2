/** What a command is done to: a resource, or a part of it. */
import type { ResolvedConnection, ResolvedResource, ResolvedVolume } from '@tsdrbd/config';

export interface Target {
  readonly resource: ResolvedResource;
  /** The volume that was named. */
  readonly volume: ResolvedVolume | null;
  /** The peer that was named. */
  readonly peer: ResolvedConnection | null;
  /** The volumes to work on, ascending. */
  readonly volumes: readonly ResolvedVolume[];
  /** The connections to work on; naming a peer hides the others for the whole run. */
  readonly connections: readonly ResolvedConnection[];
  /** Came with `all`: a volume without disk is passed over, not refused. */
  readonly origin: 'named' | 'all';
}
