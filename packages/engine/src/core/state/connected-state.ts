import { Conn, Disk, Role } from '../../wire';
import type { VolumeState } from './volume-state';

/** For tests: both nodes Secondary, connected and UpToDate, but for what is said otherwise. */
export const connectedState = (more: Partial<VolumeState> = {}): VolumeState => ({
  role: Role.Secondary,
  peer: Role.Secondary,
  conn: Conn.Connected,
  disk: Disk.UpToDate,
  pdsk: Disk.UpToDate,
  userIsp: false,
  peerIsp: false,
  aftrIsp: false,
  suspNod: false,
  suspFen: false,
  ...more,
});
