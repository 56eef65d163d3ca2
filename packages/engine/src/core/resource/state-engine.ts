/**
 * The one place where states change: proposes, completes, checks, applies, and then acts on what changed.
 *
 * A change is either soft, a request that may be refused, or forced, a fact. Source: behaviour.md 1.8 to 1.13.
 */
import { Conn, Disk, Role, StateResult as SS } from '../../wire';
import type { Connection } from '../connection/connection';
import type { Device } from '../device/device';
import type { PeerDevice } from '../peer-device/peer-device';
import { sanitizeState } from '../state/sanitize';
import { checkSoftTransition, checkState, checkTransition, type ValidityContext } from '../state/validity';
import { STATE_OF_NEW_VOLUME, formatChange, type VolumeState } from '../state/volume-state';
import { afterStateChange } from './after-state-change';
import type { Resource } from './resource';

/** One volume towards one peer; without any peer, the volume alone. */
export interface VolumeView {
  readonly device: Device;
  readonly peerDevice: PeerDevice | null;
}

export type Alteration = (view: VolumeView, before: VolumeState) => Partial<VolumeState> | null;

export interface ConnectionChange {
  readonly connection: Connection;
  readonly conn: number;
}

interface Transition {
  readonly view: VolumeView;
  readonly before: VolumeState;
  readonly after: VolumeState;
}

const isOutdatedOnline = ({ conn, disk }: VolumeState): boolean => conn >= Conn.Connected && disk === Disk.Outdated;

export class StateEngine {
  constructor(private readonly resource: Resource) {}

  views(): VolumeView[] {
    return [...this.resource.devices.values()].flatMap((device): VolumeView[] =>
      device.peerDevices.length === 0
        ? [{ device, peerDevice: null }]
        : device.peerDevices.map((peerDevice) => ({ device, peerDevice })),
    );
  }

  read({ device, peerDevice }: VolumeView): VolumeState {
    return {
      ...STATE_OF_NEW_VOLUME,
      role: this.resource.role,
      disk: device.diskState,
      suspNod: this.resource.suspended.noData,
      suspFen: this.resource.suspended.fencing,
      ...(peerDevice === null
        ? {}
        : {
            peer: peerDevice.connection.peerRole,
            conn: peerDevice.conn,
            pdsk: peerDevice.pdsk,
            userIsp: peerDevice.userIsp,
            peerIsp: peerDevice.peerIsp,
            aftrIsp: peerDevice.aftrIsp,
          }),
    };
  }

  /** What would become of the change, without making it. */
  check(alter: Alteration, connectionChange?: ConnectionChange): number {
    return this.verdict(this.transitions(alter, connectionChange), 'soft');
  }

  request(alter: Alteration, connectionChange?: ConnectionChange): number {
    return this.make(alter, 'soft', connectionChange);
  }

  force(target: Device | PeerDevice, to: Partial<VolumeState>): number {
    return this.make((view) => (view.device === target || view.peerDevice === target ? to : null), 'forced');
  }

  make(alter: Alteration, mode: 'soft' | 'forced', connectionChange?: ConnectionChange): number {
    const transitions = this.transitions(alter, connectionChange);
    const verdict = this.verdict(transitions, mode);
    if (verdict < SS.SS_SUCCESS) return verdict;
    const connection = connectionChange?.connection;
    const connBefore = connection?.conn;
    this.apply(transitions, connectionChange);
    const changed = transitions.filter(({ before, after }) => formatChange(before, after) !== '');
    if (changed.length === 0 && connection?.conn === connBefore) return SS.SS_NOTHING_TO_DO;
    for (const { view, before, after } of changed) {
      this.resource.log('info', view.device.subject, formatChange(before, after));
    }
    for (const device of new Set(changed.map(({ view }) => view.device))) device.updateMetadataFlags();
    for (const { view, before, after } of changed) afterStateChange(view, before, after);
    this.resource.changed();
    for (const device of this.resource.devices.values()) device.resumeIo();
    for (const peerConnection of this.resource.connections.values())
      for (const peerDevice of peerConnection.peerDevices.values()) peerDevice.syncUuid.takeEarly();
    return SS.SS_SUCCESS;
  }

  private transitions(alter: Alteration, connectionChange: ConnectionChange | undefined): Transition[] {
    return this.views().map((view) => {
      const before = this.read(view);
      const proposed = { ...before, ...alter(view, before) };
      if (connectionChange !== undefined && view.peerDevice?.connection === connectionChange.connection) {
        proposed.conn = connectionChange.conn;
      }
      const after = sanitizeState(proposed, {
        diskIfNotNegotiated: view.device.hasExposedData() ? view.device.stateAfterNegotiation : null,
        before,
        fencing: view.peerDevice?.connection.net.fencing ?? 'dont-care',
        onNoDataAccessible: this.resource.options.onNoDataAccessible,
      });
      return { view, before, after };
    });
  }

  private verdict(transitions: readonly Transition[], mode: 'soft' | 'forced'): number {
    for (const { view, before, after } of transitions) {
      if (formatChange(before, after) === '') continue;
      const hard = checkTransition(before, after);
      if (hard < SS.SS_SUCCESS) return hard;
      if (mode === 'forced') continue;
      const context = {
        ...this.context(view, transitions),
        staysOutdated: isOutdatedOnline(before) && isOutdatedOnline(after),
      };
      const invalid = checkState(after, context);
      // A state that was bad in the same way before must not stop the change that may mend it.
      if (invalid < SS.SS_SUCCESS && checkState(before, this.context(view, [])) !== invalid) return invalid;
      const soft = checkSoftTransition(before, after, context);
      if (soft < SS.SS_SUCCESS) return soft;
    }
    return SS.SS_SUCCESS;
  }

  private context({ device, peerDevice }: VolumeView, transitions: readonly Transition[]): ValidityContext {
    const connection = peerDevice?.connection;
    return {
      allowTwoPrimaries: connection?.net.allowTwoPrimaries ?? false,
      fencing: connection?.net.fencing ?? 'dont-care',
      verifyAlg: connection?.net.verifyAlg ?? '',
      peerKnowsVerify: (connection?.version ?? 0) >= 88,
      deviceOpen: device.writeOpeners > 0,
      otherVolumePeerPrimary: transitions.some(
        ({ view, after }) => view.peerDevice?.connection === connection && after.peer === Role.Primary,
      ),
      staysOutdated: false,
      handshaking: peerDevice?.conn === Conn.WFReportParams,
    };
  }

  private apply(transitions: readonly Transition[], connectionChange: ConnectionChange | undefined): void {
    const disks = new Map<Device, number>();
    for (const { view, before, after } of transitions) {
      this.resource.role = after.role;
      if (after.suspNod) this.resource.suspended.noData = true;
      if (after.suspFen) this.resource.suspended.fencing = true;
      const { device, peerDevice } = view;
      // Several peers may imply different things for one disk: the weaker one counts.
      if (after.disk !== before.disk) disks.set(device, Math.min(after.disk, disks.get(device) ?? Disk.UpToDate));
      if (peerDevice === null) continue;
      peerDevice.conn = after.conn;
      peerDevice.pdsk = after.pdsk;
      peerDevice.userIsp = after.userIsp;
      peerDevice.peerIsp = after.peerIsp;
      peerDevice.aftrIsp = after.aftrIsp;
      peerDevice.connection.peerRole = after.peer;
    }
    for (const [device, disk] of disks) device.diskState = disk;
    if (connectionChange === undefined) return;
    const { connection, conn } = connectionChange;
    connection.conn = Math.min(conn, Conn.WFReportParams);
    if (conn < Conn.WFReportParams) connection.peerRole = Role.Unknown;
  }
}
