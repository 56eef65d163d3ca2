/**
 * Secondary to Primary: what the rules refuse may come right by fencing a peer, by force, or by waiting for a peer that is
 * about to step down; then every connected peer is asked. Source: behaviour.md 8.4, 3.4.
 */
import { Conn, Disk, Role, StateMask, StateResult as SS, packState } from '../../wire';
import type { Device } from '../device/device';
import { fencePeer, type FenceOutcome } from '../fencing/fence-peer';
import type { PeerDevice } from '../peer-device/peer-device';
import type { Done } from '../resource/reply-codes';
import type { Resource } from '../resource/resource';
import type { VolumeView } from '../resource/state-engine';
import { NO_STATE } from '../state/no-state';
import { withPrimaryBit } from '../uuid/generation';

const PROMOTE_TRIES = 4;
/** The wait for a peer that may be about to step down (behaviour 8.4). */
const TWO_PRIMARIES_RETRY_EXTRA_MS = 100;

interface Promotion {
  readonly mode: 'plain' | 'forced';
  readonly triesLeft: number;
  readonly waited: boolean;
  readonly upgrade: ReadonlySet<Device>;
  /** `--force` where fencing failed: the peer counts as outdated. */
  readonly ignoresUnfenced: boolean;
}

const isUnknown = (peerDevice: PeerDevice | null): boolean =>
  peerDevice !== null && peerDevice.conn < Conn.Connected && peerDevice.pdsk >= Disk.DUnknown;

/** By command, or by an open where auto-promote is set. */
export function promote(resource: Resource, mode: 'plain' | 'forced', done: Done): void {
  attemptPromotion(
    resource,
    { mode, triesLeft: PROMOTE_TRIES, waited: false, upgrade: new Set(), ignoresUnfenced: false },
    done,
  );
}

function attemptPromotion(resource: Resource, attempt: Promotion, done: Done): void {
  if (resource.role === Role.Primary) return done(SS.SS_NOTHING_TO_DO);
  if (resource.forceIoFailures) return done(SS.SS_DEVICE_IN_USE);
  const { mode } = attempt;
  const next = { ...attempt, triesLeft: attempt.triesLeft - 1 };
  const alter = ({ device, peerDevice }: VolumeView) => ({
    role: Role.Primary,
    ...(attempt.upgrade.has(device) ? { disk: Disk.UpToDate } : {}),
    ...(attempt.ignoresUnfenced && isUnknown(peerDevice) ? { pdsk: Disk.Outdated } : {}),
  });
  const verdict = resource.states.check(alter);
  if (verdict === SS.SS_NO_UP_TO_DATE_DISK && attempt.upgrade.size === 0 && attempt.triesLeft > 0) {
    const below = [...resource.devices.values()].filter(
      ({ diskState }) => diskState >= Disk.Inconsistent && diskState < Disk.UpToDate,
    );
    if (mode === 'forced' && below.length > 0)
      return attemptPromotion(resource, { ...next, upgrade: new Set(below) }, done);
    const consistent = below.filter(({ diskState }) => diskState === Disk.Consistent);
    if (consistent.length > 0 && consistent.length === below.length) {
      return fenceForPromotion(resource, (outcome) => {
        if (outcome === 'fenced') return attemptPromotion(resource, { ...next, upgrade: new Set(consistent) }, done);
        done(verdict);
      });
    }
  }
  if (verdict === SS.SS_PRIMARY_NOP && attempt.triesLeft > 0) {
    return fenceForPromotion(resource, (outcome) => {
      if (outcome === 'failed' && mode === 'forced') {
        resource.log('warn', resource.name, 'Forced into split brain situation!');
        return attemptPromotion(resource, { ...next, ignoresUnfenced: true }, done);
      }
      attemptPromotion(resource, next, done);
    });
  }
  if (verdict === SS.SS_TWO_PRIMARIES && !attempt.waited) {
    // The peer may be gone, or stepping down, and this side not know it yet.
    const waitMs =
      Math.max(...[...resource.connections.values()].map(({ net }) => net.pingTimeoutMs)) +
      TWO_PRIMARIES_RETRY_EXTRA_MS;
    for (const connection of resource.connections.values()) if (connection.isUp) connection.ping(() => undefined);
    resource.host.after(waitMs, () => attemptPromotion(resource, { ...next, waited: true }, done));
    return;
  }
  if (verdict < SS.SS_SUCCESS) return done(verdict);
  askPeers(resource, attempt.upgrade, (retcode) => {
    if (retcode < SS.SS_SUCCESS) return done(retcode);
    const result = resource.states.request(alter);
    if (result < SS.SS_SUCCESS) return done(result);
    becamePrimary(resource, attempt.upgrade, done);
  });
}

/** Asks for every peer that is away; fenced only if all are. */
function fenceForPromotion(resource: Resource, done: (outcome: FenceOutcome) => void): void {
  const away = [...resource.connections.values()].filter(
    (connection) => connection.net.fencing !== 'dont-care' && [...connection.peerDevices.values()].some(isUnknown),
  );
  let worst: FenceOutcome = away.length > 0 ? 'fenced' : 'failed';
  let pending = away.length + 1;
  const finished = (outcome: FenceOutcome): void => {
    if (outcome !== 'fenced') worst = outcome;
    if (--pending === 0) done(worst);
  };
  for (const connection of away) fencePeer(connection, finished);
  finished(worst);
}

/** Every connected peer must agree, for each volume. */
function askPeers(resource: Resource, upgrade: ReadonlySet<Device>, done: Done): void {
  const asked = [...resource.devices.values()].flatMap(({ peerDevices }) =>
    peerDevices.filter(({ conn }) => conn >= Conn.Connected),
  );
  let pending = asked.length + 1;
  let worst: number = SS.SS_SUCCESS;
  const finished = (): void => {
    if (--pending === 0) done(worst);
  };
  for (const peerDevice of asked) {
    const upgrades = upgrade.has(peerDevice.device);
    const mask = StateMask.role | (upgrades ? StateMask.disk : 0);
    const value = packState({ ...NO_STATE, role: Role.Primary, disk: upgrades ? Disk.UpToDate : 0 });
    peerDevice.connection.stateRequests.request(peerDevice, mask, value, (retcode) => {
      if (retcode < SS.SS_SUCCESS) worst = SS.SS_CW_FAILED_BY_PEER;
      finished();
    });
  }
  finished();
}

function becamePrimary(resource: Resource, upgraded: ReadonlySet<Device>, done: Done): void {
  let pending = resource.devices.size + 1;
  const finished = (): void => {
    if (--pending === 0) done(SS.SS_SUCCESS);
  };
  for (const device of resource.devices.values()) {
    const { disk } = device;
    for (const { connection } of device.peerDevices) connection.discardMyData = false;
    const connected = device.peerDevices.filter(({ conn }) => conn >= Conn.Connected);
    if (disk === null) {
      for (const peerDevice of connected) peerDevice.sendState();
      finished();
      continue;
    }
    const alone = device.peerDevices.some(
      ({ conn, pdsk, bitmapUuid }) => (conn < Conn.Connected || pdsk <= Disk.Failed) && bitmapUuid === 0n,
    );
    const isNew = alone || upgraded.has(device);
    if (upgraded.has(device)) resource.log('warn', device.subject, 'Forced to consider local data as UpToDate!');
    if (isNew) device.newCurrentUuid();
    disk.update({ currentUuid: withPrimaryBit(disk.superblock.currentUuid, true) });
    device.exposedUuid = disk.superblock.currentUuid;
    for (const peerDevice of connected) {
      if (isNew) peerDevice.sendUuids(0n);
      peerDevice.sendState();
    }
    device.commitGeneration(finished);
  }
  finished();
}
