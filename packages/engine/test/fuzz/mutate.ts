/** One of many ways in which a stream can be wrong. */
import type { SimRandom } from '../../src/sim/random';

const LENGTHS = [0, 1, 7, 8, 0x7f, 0xff, 0x100, 0x1000, 0x7fff, 0xffff, 0x10_0000, 0x7fff_ffff, 0xffff_ffff];

/** `others`: packets of other streams, for splicing. The packets that went in are left as they are. */
export function mutated(
  packets: readonly Uint8Array[],
  others: (random: SimRandom) => readonly Uint8Array[],
  random: SimRandom,
): Uint8Array[] {
  const list = [...packets];
  for (let times = 1 + random.below(3); times > 0; times--) mutateOnce(list, others, random);
  return list;
}

function mutateOnce(list: Uint8Array[], others: (random: SimRandom) => readonly Uint8Array[], random: SimRandom): void {
  const at = random.below(list.length);
  const original = list[at];
  if (original === undefined || original.length === 0) return;
  const packet = new Uint8Array(original);
  list[at] = packet;
  const view = new DataView(packet.buffer, packet.byteOffset, packet.byteLength);
  switch (random.below(10)) {
    case 0:
    case 1:
      for (let flips = 1 + random.below(8); flips > 0; flips--) {
        // The head more often than the data behind it.
        const limit = random.chance(0.8) ? Math.min(packet.length, 64) : packet.length;
        const byte = random.below(limit);
        packet[byte] = (packet[byte] ?? 0) ^ (1 << random.below(8));
      }
      break;
    case 2:
      list[at] = packet.subarray(0, random.below(packet.length + 1));
      break;
    case 3: {
      // The places where the three header formats keep a length.
      const length = LENGTHS[random.below(LENGTHS.length)] ?? 0;
      const place = [4, 6, 8][random.below(3)] ?? 8;
      if (place === 6 && packet.length >= 8) view.setUint16(6, length & 0xffff);
      else if (packet.length >= place + 4) view.setUint32(place, length);
      break;
    }
    case 4: {
      const spliced = others(random);
      const from = random.below(spliced.length);
      list.splice(
        at,
        random.below(2),
        ...spliced.slice(from, from + 1 + random.below(3)).map((one) => new Uint8Array(one)),
      );
      break;
    }
    case 5:
      list.splice(at, 1);
      break;
    case 6:
      list.splice(at, 0, new Uint8Array(packet));
      break;
    case 7: {
      // Another command with the same body.
      const place = random.chance(0.5) ? 6 : ([2, 4][random.below(2)] ?? 4);
      if (packet.length >= place + 2) view.setUint16(place, random.below(0x40));
      break;
    }
    case 8: {
      const from = random.below(packet.length);
      packet.set(random.bytes(Math.min(packet.length - from, 1 + random.below(24))), from);
      break;
    }
    default: {
      // A number in the body becomes an extreme one.
      const from = random.below(Math.max(1, packet.length - 8));
      if (packet.length >= from + 8)
        view.setBigUint64(from, random.chance(0.5) ? (1n << 64n) - 1n : BigInt(random.bits()));
    }
  }
}

/** The same bytes in chunks of other sizes. */
export function chunked(packets: readonly Uint8Array[], random: SimRandom): Uint8Array[] {
  const whole = Buffer.concat(packets);
  if (random.chance(0.5)) return [whole];
  const chunks: Uint8Array[] = [];
  const mostBytes = whole.length < 300 && random.chance(0.1) ? 3 : 16 + random.below(2000);
  for (let at = 0; at < whole.length;) {
    const lengthBytes = 1 + random.below(mostBytes);
    chunks.push(whole.subarray(at, at + lengthBytes));
    at += lengthBytes;
  }
  return chunks;
}
