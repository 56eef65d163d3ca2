/**
 * The node that drives an online verify: it asks for the peer's digest of each block, compares, and tells the result.
 *
 * Invariants:
 * - From the question to the comparison nobody writes to the block here, and the peer holds its own writes back while it
 *   reads: both digests are of the same point of the write stream.
 * - A block counts as verified once its result was sent; where a run broke off, the next one starts at the first block
 *   that was not.
 *
 * Source: wire.md 9, behaviour.md 7.7.
 */
import { Conn, Disk, ID_SYNCER, OvResultId, equalBytes, type DigestRequest } from '../../wire';
import type { Timer } from '../host';
import type { PeerDevice } from '../peer-device/peer-device';
import { RESYNC_STEP_MS, RateController } from '../resync/rate-controller';
import { QuietRange } from './quiet-range';
import { VERIFY_BLOCK_BYTES, VERIFY_BLOCK_SECTORS, VerifyRun } from './verify-run';

interface VerifyRequest {
  readonly sector: number;
  readonly sizeBytes: number;
  readonly range: QuietRange;
  asked: boolean;
  answered: boolean;
}

export class VerifySource {
  /** Where the next run begins unless it is told; sectors, a multiple of 8. */
  nextStartSector = 0;
  /** Null: to the end of the device. */
  stopSector: number | null = null;
  startSector = 0;
  positionSector = 0;
  private current: VerifyRun | null = null;
  private run = 0;
  private controller = new RateController();
  private timer: Timer | null = null;
  private readonly requests = new Map<number, VerifyRequest>();
  private answeredSectors = 0;
  private budgetBits = 0;
  private totalBits = 0;
  private finishing = false;

  constructor(private readonly peerDevice: PeerDevice) {}

  get isRunning(): boolean {
    return this.current !== null;
  }

  get requestCount(): number {
    return this.requests.size;
  }

  get leftBits(): number {
    return Math.max(0, this.endBit - this.positionSector / VERIFY_BLOCK_SECTORS) + this.requests.size;
  }

  private get endBit(): number {
    const endSector = Math.min(this.stopSector ?? Infinity, this.peerDevice.device.sizeSectors);
    return Math.ceil(endSector / VERIFY_BLOCK_SECTORS);
  }

  begin(): void {
    this.stop();
    const { device } = this.peerDevice;
    this.startSector = this.nextStartSector < device.sizeSectors ? this.nextStartSector : 0;
    this.positionSector = this.startSector;
    this.totalBits = this.leftBits;
    this.current = new VerifyRun(this.peerDevice, this.totalBits);
    this.controller = new RateController();
    this.answeredSectors = 0;
    this.finishing = false;
    device.resource.log('info', device.subject, `Starting Online Verify from sector ${this.startSector}`);
    this.step();
  }

  /** The state is left, by the end of the run or by an event that breaks it off. */
  stop(): void {
    if (this.current === null) return;
    const { device } = this.peerDevice;
    const reached = Math.min(this.positionSector, ...this.requests.keys());
    const atEnd = reached >= device.sizeSectors;
    this.nextStartSector = atEnd ? 0 : reached;
    if (!atEnd) device.resource.log('info', device.subject, `Online Verify reached sector ${reached}`);
    this.current = null;
    this.run++;
    this.timer?.cancel();
    this.timer = null;
    const open = [...this.requests.values()];
    this.requests.clear();
    // What is being compared lets go of its range itself; what still waits for it does when its turn comes.
    for (const request of open) if (request.asked && !request.answered) request.range.release();
  }

  private step(): void {
    const { peerDevice } = this;
    const { host } = peerDevice.device.resource;
    this.timer = null;
    if (this.current === null) return;
    this.timer = host.after(RESYNC_STEP_MS, () => this.step());
    this.current.progress.advance(host.nowMs(), this.leftBits);
    const inFlightSectors = this.requests.size * VERIFY_BLOCK_SECTORS;
    this.budgetBits = this.controller.next(peerDevice.options, this.answeredSectors, inFlightSectors);
    this.current.progress.wantKiBs = this.budgetBits * 4 * (1000 / RESYNC_STEP_MS);
    this.answeredSectors = 0;
    this.requestMore();
    this.finishIfDone();
    peerDevice.device.resource.changed();
  }

  private requestMore(): void {
    const { device, connection } = this.peerDevice;
    const inFlightMax = connection.net.maxBuffers / 2;
    while (
      this.budgetBits > 0 &&
      this.requests.size < inFlightMax &&
      this.positionSector / VERIFY_BLOCK_SECTORS < this.endBit
    ) {
      this.budgetBits--;
      const sector = this.positionSector;
      const sizeBytes = Math.min(VERIFY_BLOCK_BYTES, (device.sizeSectors - sector) * 512);
      this.positionSector += VERIFY_BLOCK_SECTORS;
      this.request(sector, sizeBytes);
    }
  }

  private request(sector: number, sizeBytes: number): void {
    const { peerDevice, run } = this;
    const { device, connection } = peerDevice;
    const range = new QuietRange(device, sector, sizeBytes);
    const request: VerifyRequest = { sector, sizeBytes, range, asked: false, answered: false };
    this.requests.set(sector, request);
    range.whenQuiet(() => {
      if (run !== this.run) return range.release();
      request.asked = true;
      connection.sendData({ kind: 'OvRequest', volume: device.volume, sector, blockId: ID_SYNCER, sizeBytes });
    });
  }

  /** P_OV_REPLY. False: the digest is not one of verify-alg. */
  replied(packet: DigestRequest): boolean {
    const { peerDevice, run } = this;
    const digest = peerDevice.connection.verifyDigest;
    const request = this.requests.get(packet.sector);
    // An answer to a run that was broken off.
    if (request === undefined || request.sizeBytes !== packet.sizeBytes || request.answered) return true;
    if (digest === null || packet.digest.length !== digest.sizeBytes) return false;
    request.answered = true;
    const { device } = peerDevice;
    request.range.whenPeerQuiet(() => {
      const disk = device.diskState === Disk.UpToDate ? device.disk : null;
      if (disk === null || run !== this.run) {
        request.range.release();
        if (run === this.run) this.settle(request, 'in-sync');
        return;
      }
      const into = new Uint8Array(request.sizeBytes);
      disk.data.read(request.sector * 512, into, (error) => {
        request.range.release();
        if (run !== this.run) return;
        if (error !== null) device.localIoFailed('read', error);
        else device.stats.readSectors += request.sizeBytes / 512;
        if (run !== this.run) return;
        const same = error === null && equalBytes(digest.of([into]), packet.digest);
        this.settle(request, same ? 'in-sync' : 'out-of-sync');
      });
    });
    return true;
  }

  /** P_NEG_RS_DREPLY: the peer has no disk to read from. */
  refused(sector: number, sizeBytes: number): void {
    const request = this.requests.get(sector);
    if (request === undefined || request.sizeBytes !== sizeBytes || request.answered) return;
    request.answered = true;
    request.range.release();
    this.requests.delete(sector);
    this.answeredSectors += VERIFY_BLOCK_SECTORS;
    this.finishIfDone();
  }

  private settle(request: VerifyRequest, result: 'in-sync' | 'out-of-sync'): void {
    const { peerDevice } = this;
    this.requests.delete(request.sector);
    this.answeredSectors += VERIFY_BLOCK_SECTORS;
    if (result === 'out-of-sync') this.current?.outOfSync(request.sector, request.sizeBytes);
    else this.current?.inSync();
    peerDevice.connection.sendMeta({
      kind: 'OvResult',
      volume: peerDevice.device.volume,
      sector: request.sector,
      blockId: result === 'in-sync' ? OvResultId.IN_SYNC : OvResultId.OUT_OF_SYNC,
      sizeBytes: request.sizeBytes,
      seq: peerDevice.nextSeq(),
    });
    this.requestMore();
    this.finishIfDone();
  }

  private finishIfDone(): void {
    const { run, current, peerDevice } = this;
    if (current === null || this.finishing || this.leftBits > 0) return;
    this.finishing = true;
    // The last results must have reached the peer before the state does.
    peerDevice.connection.ping(() => {
      if (run !== this.run || peerDevice.conn !== Conn.VerifyS) return;
      current.finish(this.totalBits);
    });
  }
}
