/** Colours of state values. Source: setup.md 4.4. */
import type { ConnectionStateName, DiskStateName, ReplicationStateName, RoleName } from '@tsdrbd/engine/control';

export type ColorMode = 'always' | 'auto' | 'never';
type Shade = 'transitional' | 'primary' | 'good' | 'bad' | 'none';
type Side = 'local' | 'peer';

const CODES: Readonly<Record<Side, Readonly<Record<Exclude<Shade, 'none'>, string>>>> = {
  local: { transitional: '\x1b[1m', primary: '\x1b[1;36m', good: '\x1b[1;32m', bad: '\x1b[1;31m' },
  peer: { transitional: '', primary: '\x1b[36m', good: '\x1b[32m', bad: '\x1b[31m' },
};
const END = '\x1b[0m';

export interface Paint {
  role(value: RoleName, side: Side): string;
  connection(value: ConnectionStateName): string;
  replication(value: ReplicationStateName): string;
  disk(value: DiskStateName, side: Side, intentional: boolean): string;
  quorum(value: 'yes' | 'no'): string;
  forceIoFailures(value: 'yes' | 'no'): string;
  open(value: 'yes' | 'no' | 'unknown'): string;
}

export function paint(mode: ColorMode, isTerminal: boolean): Paint {
  const active = mode === 'always' || (mode === 'auto' && isTerminal);
  const color = (value: string, shade: Shade, side: Side): string => {
    const code = !active || shade === 'none' ? '' : CODES[side][shade];
    return code === '' ? value : code + value + END;
  };
  return {
    role: (value, side) =>
      color(value, value === 'Primary' ? 'primary' : value === 'Unknown' ? 'transitional' : 'none', side),
    connection: (value) => {
      const bad = value === 'StandAlone' || value === 'Connecting';
      return color(value, bad ? 'bad' : value === 'Connected' ? 'none' : 'transitional', 'local');
    },
    replication: (value) => {
      if (value === 'SyncTarget' || value === 'PausedSyncT') return color(value, 'bad', 'local');
      if (value === 'SyncSource') return color(value, 'bad', 'peer');
      return color(value, value === 'Behind' ? 'transitional' : 'none', 'local');
    },
    disk: (value, side, intentional) => color(value, diskShade(value, intentional), side),
    quorum: (value) => color(value, value === 'yes' ? 'good' : 'bad', 'local'),
    forceIoFailures: (value) => color(value, value === 'no' ? 'good' : 'bad', 'local'),
    open: (value) => color(value, value === 'no' ? 'none' : 'primary', 'local'),
  };
}

function diskShade(value: DiskStateName, intentional: boolean): Shade {
  switch (value) {
    case 'UpToDate':
      return 'good';
    case 'Diskless':
      return intentional ? 'good' : 'bad';
    case 'Inconsistent':
    case 'Outdated':
      return 'bad';
    default:
      return 'transitional';
  }
}
