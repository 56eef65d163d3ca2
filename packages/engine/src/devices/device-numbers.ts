/** Device numbers as the kernel has them, and as sysfs and stat(2) show them. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

export interface DeviceNumber {
  readonly major: number;
  readonly minor: number;
}

/** Of a device by the kernel's name: `loop3`. Throws where there is none. */
export function deviceNumberOf(kernelName: string, sysBlock = '/sys/block'): DeviceNumber {
  const text = readFileSync(join(sysBlock, kernelName, 'dev'), 'utf8');
  const [major = NaN, minor = NaN] = text.trim().split(':').map(Number);
  return { major, minor };
}

/** glibc's makedev(3): 12 bits of the minor number lie on both sides of the major's. */
export function encodeDeviceNumber({ major, minor }: DeviceNumber): bigint {
  const [a, b] = [BigInt(major), BigInt(minor)];
  return ((a & 0xfffff000n) << 32n) | ((a & 0xfffn) << 8n) | ((b & 0xffffff00n) << 12n) | (b & 0xffn);
}

/** The inverse, of what stat(2) gives. */
export function decodeDeviceNumber(encoded: bigint): DeviceNumber {
  return {
    major: Number(((encoded >> 32n) & 0xfffff000n) | ((encoded >> 8n) & 0xfffn)),
    minor: Number(((encoded >> 12n) & 0xffffff00n) | (encoded & 0xffn)),
  };
}
