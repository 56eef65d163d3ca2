import type { StorageError } from './backing-device';

/** An Error that is a StorageError, for functions that throw or reject. */
export class StorageFailure extends Error implements StorageError {
  override readonly name = 'StorageFailure';
  constructor(
    readonly code: string,
    message: string,
  ) {
    super(message);
  }
}

/** `message` tells what was tried on what; the errno name is added. */
export const storageError = (code: string, message: string): StorageFailure =>
  new StorageFailure(code, `${message} (${code})`);
