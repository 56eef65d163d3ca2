/** Values as all outputs of drbdsetup write them. Source: setup.md 4.1. */
import type { DeviceStatistics, EndpointAddress, ResyncSuspendFlags, SuspendFlags } from '@tsdrbd/engine/control';

export const yesNo = (value: boolean): 'yes' | 'no' => (value ? 'yes' : 'no');

/** Rounded down: half a KiB is not shown. */
export const kib = (sectors: number): number => Math.floor(sectors / 2);

export function suspendedList(flags: SuspendFlags): string {
  return wordList([
    [flags.user, 'user'],
    [flags.noData, 'no-data'],
    [flags.fencing, 'fencing'],
    [flags.quorum, 'quorum'],
  ]);
}

export function resyncSuspendedList(flags: ResyncSuspendFlags): string {
  return wordList([
    [flags.user, 'user'],
    [flags.peer, 'peer'],
    [flags.dependency, 'dependency'],
  ]);
}

export function blockedList(statistics: DeviceStatistics): string {
  return wordList([
    [statistics.upperBlocked, 'upper'],
    [statistics.lowerBlocked, 'lower'],
  ]);
}

/** As in `ipv4:10.0.0.1:7000` and `ipv6:[fd00::1]:7000`. */
export function addressWord({ family, address, port }: EndpointAddress): string {
  return `${family}:${hostAndPort({ family, address, port })}`;
}

export function hostAndPort({ family, address, port }: EndpointAddress): string {
  return family === 'ipv6' ? `[${address}]:${port}` : `${address}:${port}`;
}

function wordList(flags: ReadonlyArray<readonly [boolean, string]>): string {
  const set = flags.filter(([isSet]) => isSet).map(([, word]) => word);
  return set.length === 0 ? 'no' : set.join(',');
}
