/** Primary to Secondary. */
import { Role, StateResult as SS } from '../../wire';
import type { Device } from '../device/device';
import type { Done } from '../resource/reply-codes';
import type { Resource } from '../resource/resource';
import { withPrimaryBit } from '../uuid/generation';

export function demote(resource: Resource, mode: 'plain' | 'forced', done: Done): void {
  if (resource.role === Role.Secondary) return done(SS.SS_NOTHING_TO_DO);
  const alter = () => ({ role: Role.Secondary });
  const verdict = resource.states.check(alter);
  if (verdict < SS.SS_SUCCESS && mode === 'plain') return done(verdict);
  // What was written must be stable on the peer before the role goes: a Secondary that loses its peer begins no new
  // generation, so nothing would tell later that the peer lacks these blocks.
  // Forced, while I/O is held: nobody will let it go.
  if (mode === 'forced') {
    for (const device of resource.devices.values())
      if (resource.isSuspended || device.suspendedByUser) device.writes.failHeld();
  }
  resource.demoting = true;
  const finish = (code: number): void => {
    resource.demoting = false;
    for (const device of resource.devices.values()) device.resumeIo();
    done(code);
  };
  forEach(
    resource.devices.values(),
    (device, next) => device.whenDrained(() => device.flush(next)),
    () => {
      const failsOpeners = mode === 'forced' && resource.isOpen;
      if (failsOpeners) resource.forceIoFailures = true;
      const result = resource.states.make(alter, mode === 'forced' ? 'forced' : 'soft');
      if (result < SS.SS_SUCCESS) {
        if (failsOpeners) resource.forceIoFailures = false;
        return finish(result);
      }
      const written = (device: Device, next: () => void): void => {
        const { disk } = device;
        if (disk === null) return next();
        disk.update({ currentUuid: withPrimaryBit(disk.superblock.currentUuid, false) });
        disk.writeBitmap(null, () => disk.commit(next));
      };
      forEach(resource.devices.values(), written, () => finish(SS.SS_SUCCESS));
    },
  );
}

/** Starts `step` for every item; `done` runs when each has called `next`. */
function forEach<T>(items: Iterable<T>, step: (item: T, next: () => void) => void, done: () => void): void {
  const list = [...items];
  let pending = list.length + 1;
  const next = (): void => {
    if (--pending === 0) done();
  };
  for (const item of list) step(item, next);
  next();
}
