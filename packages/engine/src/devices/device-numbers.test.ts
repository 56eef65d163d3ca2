import { statSync } from 'node:fs';
import { decodeDeviceNumber, encodeDeviceNumber } from './device-numbers';

test.each([
  [0, 0],
  [7, 3],
  [147, 255],
  [147, 256],
  [259, 1048575],
  [4095, 70000],
])('%i:%i is the same after a round trip', (major, minor) => {
  expect(decodeDeviceNumber(encodeDeviceNumber({ major, minor }))).toEqual({ major, minor });
});

test("stat's form of /dev/null is read", () => {
  expect(decodeDeviceNumber(statSync('/dev/null', { bigint: true }).rdev)).toEqual({ major: 1, minor: 3 });
});
