export type { BackingDevice, Completion, StorageError } from './backing-device';
