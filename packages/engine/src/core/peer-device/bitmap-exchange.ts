/**
 * The bitmaps travel: the source's first, then the target's merged one. Source: wire.md 7.1.
 */
import { BitmapReceiver, BitmapSender, Conn, bitmapChunkBytes, type BitmapPacket } from '../../wire';
import type { PeerDevice } from './peer-device';

export class BitmapExchange {
  private receiver: BitmapReceiver | null = null;

  constructor(private readonly peerDevice: PeerDevice) {}

  reset(): void {
    this.receiver = null;
  }

  expect(): void {
    this.receiver = null;
  }

  send(): void {
    const { bitmap, connection, device } = this.peerDevice;
    if (bitmap === null) return;
    device.writes.markUnsentOutOfSync(this.peerDevice);
    const sender = new BitmapSender({
      volume: device.volume,
      bitmap: bitmap.words,
      bitCount: bitmap.bitCount,
      chunkBytes: bitmapChunkBytes(connection.version),
      rle: connection.net.useRle && connection.version >= 90 ? 'rle' : 'plain',
    });
    for (let packet = sender.next(); packet !== null; packet = sender.next()) connection.sendData(packet);
  }

  /** False: the packet breaks the protocol. */
  receive(packet: BitmapPacket): boolean {
    const { bitmap, connection } = this.peerDevice;
    if (bitmap === null) return true;
    this.receiver ??= new BitmapReceiver(
      { bitCount: bitmap.bitCount, chunkBytes: bitmapChunkBytes(connection.version) },
      {
        setBits: (from, to) => bitmap.set(from, to),
        orWords: (word, words) => words.forEach((value, i) => bitmap.mergeWord(word * 2 + i, value)),
      },
    );
    const result = this.receiver.feed(packet);
    if (result === 'more') return true;
    this.receiver = null;
    if (result !== 'complete') {
      connection.log('error', result.message);
      return false;
    }
    this.complete();
    return true;
  }

  private complete(): void {
    const { peerDevice } = this;
    const { states } = peerDevice.device.resource;
    if (peerDevice.conn === Conn.WFBitMapT) {
      this.send();
      states.force(peerDevice, { conn: Conn.WFSyncUUID });
    } else if (peerDevice.conn === Conn.WFBitMapS) {
      peerDevice.startSource(Conn.WFBitMapS);
    } else peerDevice.connection.log('warn', 'received a bitmap in a state that expects none');
  }
}
