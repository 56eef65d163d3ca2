/**
 * The passive node of an online verify: it answers with the digest of its blocks and hears the results.
 * Source: wire.md 9, behaviour.md 7.7.
 */
import { Conn, Disk, ID_SYNCER, OvResultId, type BlockAck, type BlockRequest } from '../../wire';
import type { PeerDevice } from '../peer-device/peer-device';
import { isWithin } from '../request/peer-requests';
import { QuietRange } from './quiet-range';
import { VERIFY_BLOCK_SECTORS, VerifyRun } from './verify-run';

export class VerifyTarget {
  startSector = 0;
  positionSector = 0;
  /** Blocks without a result; the first request tells where the run starts. */
  leftBits = 0;
  private totalBits = 0;
  private current: VerifyRun | null = null;
  /** Counts connections: an answer is meant for the one that asked. */
  private session = 0;

  constructor(private readonly peerDevice: PeerDevice) {}

  get isRunning(): boolean {
    return this.current !== null;
  }

  connectionLost(): void {
    this.session++;
    this.stop();
  }

  stop(): void {
    this.current = null;
  }

  /** P_OV_REQUEST. False: the request breaks the protocol. */
  requested(packet: BlockRequest): boolean {
    const { peerDevice, session } = this;
    const { device, connection } = peerDevice;
    const { sector, sizeBytes } = packet;
    const digest = peerDevice.connection.verifyDigest;
    if (digest === null || !isWithin(packet, device.sizeSectors) || sizeBytes > connection.maxBioBytes) return false;
    if (peerDevice.conn === Conn.VerifyT) {
      if (this.current === null) this.begin(sector);
      this.positionSector = Math.max(this.positionSector, sector);
    }
    const disk = device.diskState === Disk.UpToDate ? device.disk : null;
    if (disk === null) {
      connection.sendMeta({
        kind: 'NegRsDReply',
        volume: device.volume,
        sector,
        blockId: packet.blockId,
        sizeBytes,
        seq: peerDevice.nextSeq(),
      });
      this.countDown(sizeBytes);
      return true;
    }
    return connection.answers.enter(sizeBytes, (finished) => {
      const range = new QuietRange(device, sector, sizeBytes);
      const answer = (): void => {
        const into = new Uint8Array(sizeBytes);
        disk.data.read(sector * 512, into, (error) => {
          if (session === this.session) {
            if (error !== null) device.localIoFailed('read', error);
            else device.stats.readSectors += sizeBytes / 512;
            connection.sendData({
              kind: 'OvReply',
              volume: device.volume,
              sector,
              blockId: ID_SYNCER,
              sizeBytes,
              // All zero after a read error: it equals no digest, so the block counts as out of sync.
              digest: error === null ? digest.of([into]) : new Uint8Array(digest.sizeBytes),
            });
          }
          range.release();
          finished();
        });
      };
      range.whenQuiet(() => range.whenPeerQuiet(answer));
    });
  }

  /** P_OV_RESULT; what comes after the end of the run still counts. */
  result(packet: BlockAck): void {
    const { peerDevice } = this;
    if (packet.blockId === OvResultId.OUT_OF_SYNC) {
      if (this.current !== null) this.current.outOfSync(packet.sector, packet.sizeBytes);
      else peerDevice.setOutOfSync(packet.sector, packet.sizeBytes);
    } else this.current?.inSync();
    this.countDown(packet.sizeBytes);
  }

  /** The source says Connected: its stop sector is reached. */
  sourceFinished(): void {
    const { current } = this;
    this.current = null;
    current?.finish(this.totalBits - this.leftBits);
    // A run that never asked for a block.
    if (current === null) this.peerDevice.device.resource.states.force(this.peerDevice, { conn: Conn.Connected });
  }

  private begin(startSector: number): void {
    const { peerDevice } = this;
    const { device } = peerDevice;
    this.startSector = startSector;
    this.positionSector = startSector;
    this.totalBits = Math.ceil((device.sizeSectors - startSector) / VERIFY_BLOCK_SECTORS);
    this.leftBits = this.totalBits;
    this.current = new VerifyRun(peerDevice, this.totalBits);
    device.resource.log('info', device.subject, `Online Verify start sector: ${startSector}`);
  }

  private countDown(sizeBytes: number): void {
    const { current, peerDevice } = this;
    if (current === null) return;
    this.leftBits = Math.max(0, this.leftBits - Math.ceil(sizeBytes / 512 / VERIFY_BLOCK_SECTORS));
    current.progress.advance(peerDevice.device.resource.host.nowMs(), this.leftBits);
    if (this.leftBits > 0) return;
    peerDevice.connection.ping(() => {
      if (this.current !== current || peerDevice.conn !== Conn.VerifyT) return;
      this.current = null;
      current.finish(this.totalBits);
    });
  }
}
