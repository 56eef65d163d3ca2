/** CRC-32C as DRBD's tools use it to make node ids of addresses. Source: config.md 5.2. */
const POLYNOMIAL = 0x82f63b78;
const START = 0x1a656f21;

/** Reflected, without final inversion, and read as a signed number. */
export function addressHash(text: string): number {
  let crc = START;
  for (const byte of new TextEncoder().encode(text)) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit += 1) crc = (crc & 1) !== 0 ? (crc >>> 1) ^ POLYNOMIAL : crc >>> 1;
  }
  return crc | 0;
}
