/**
 * An application's read: from the own disk where its data is current, else from a peer. Source: behaviour.md 5.7, wire.md 6.6.
 */
import type { Device } from '../device/device';
import type { DiskError } from '../host';
import type { PeerDevice } from '../peer-device/peer-device';
import { ReadBalancer, canServe } from './read-balancing';

export type ReadDone = (error: 'EIO' | 'ESHUTDOWN' | null) => void;

export interface ReadRequest {
  readonly sector: number;
  readonly into: Uint8Array;
  readonly done: ReadDone;
  /** The disk failed to read it: only a peer can help. */
  localFailed: boolean;
  /** Peers that said no: after one, there is nobody left to ask (two nodes). */
  peersRefused: number;
  startedMs: number;
}

export class ApplicationReads {
  private held: ReadRequest[] = [];
  private readonly balancer = new ReadBalancer();

  constructor(private readonly device: Device) {}

  submit(sector: number, into: Uint8Array, done: ReadDone): void {
    this.device.stats.upperPending++;
    this.route({ sector, into, done, localFailed: false, peersRefused: 0, startedMs: 0 });
  }

  resume(): void {
    if (this.held.length === 0 || !this.device.admitsIo()) return;
    const held = this.held;
    this.held = [];
    for (const request of held) this.route(request);
  }

  failHeld(): void {
    const held = this.held;
    this.held = [];
    for (const request of held) this.finish(request, 'ESHUTDOWN');
  }

  /** Also for a read whose peer refused it or was lost. */
  route(request: ReadRequest): void {
    const { device } = this;
    if (!device.admitsIo()) {
      this.held.push(request);
      return;
    }
    const disk = device.usableDisk;
    const { sector, into } = request;
    if (disk !== null && !request.localFailed && device.isLocallyCurrent(sector, into.length)) {
      const policy = request.peersRefused > 0 ? 'prefer-local' : device.diskOptions.readBalancing;
      const peer = this.balancer.peerFor(policy, device.peerDevices, sector, into.length);
      if (peer !== null) return this.ask(peer, request);
      device.stats.lowerPending++;
      device.foreignSectors += into.length / 512;
      disk.data.read(sector * 512, into, (error) => this.localDone(request, error));
      return;
    }
    const peerDevice = device.peerDevices.find((candidate) => canServe(candidate));
    if (peerDevice === undefined || request.peersRefused > 0) return this.finish(request, 'EIO');
    this.ask(peerDevice, request);
  }

  private ask(peerDevice: PeerDevice, request: ReadRequest): void {
    const { device } = this;
    const { connection } = peerDevice;
    const blockId = connection.nextBlockId();
    request.startedMs = device.resource.host.nowMs();
    connection.pendingReads.set(blockId, { request, peerDevice });
    connection.sendData({
      kind: 'DataRequest',
      volume: device.volume,
      sector: request.sector,
      blockId: BigInt(blockId),
      sizeBytes: request.into.length,
    });
  }

  replied(request: ReadRequest, payload: readonly Uint8Array[]): void {
    let at = 0;
    for (const piece of payload) {
      request.into.set(piece, at);
      at += piece.length;
    }
    this.finish(request, null);
  }

  private localDone(request: ReadRequest, error: DiskError | null): void {
    const { device } = this;
    device.stats.lowerPending--;
    if (error === null) {
      device.stats.readSectors += request.into.length / 512;
      return this.finish(request, null);
    }
    request.localFailed = true;
    for (const peerDevice of device.peerDevices) peerDevice.setOutOfSync(request.sector, request.into.length);
    device.localIoFailed('read', error);
    this.route(request);
  }

  private finish(request: ReadRequest, error: 'EIO' | 'ESHUTDOWN' | null): void {
    this.device.stats.upperPending--;
    request.done(error);
  }
}
