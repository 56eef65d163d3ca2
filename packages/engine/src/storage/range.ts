import type { StorageError } from './backing-device';
import { storageError } from './storage-error';

/** EINVAL for a range that is not inside the device; an error of the caller, yet no reason to end the engine. */
export function rangeError(
  what: string,
  name: string,
  sizeBytes: number,
  offsetBytes: number,
  lengthBytes: number,
): StorageError | null {
  if (offsetBytes >= 0 && lengthBytes >= 0 && offsetBytes + lengthBytes <= sizeBytes) return null;
  return storageError(
    'EINVAL',
    `cannot ${what} ${lengthBytes} bytes at ${offsetBytes}: ${name} has ${sizeBytes} bytes`,
  );
}
