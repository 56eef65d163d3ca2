export type { AllocationDone, AllocationExtent, BackingDevice, Completion, StorageError } from './backing-device';
export {
  createFaultyDevice,
  type CrashReport,
  type FaultyDevice,
  type FaultyDeviceDependencies,
  type FaultyDeviceOptions,
} from './faulty-device';
export { lockExclusively } from './lock';
export { createMemoryDevice, type MemoryDevice, type MemoryDeviceOptions } from './memory-device';
export { openBackingDevice, type OpenOptions } from './open-backing-device';
export { StorageFailure } from './storage-error';
export { FALLOC_FL_KEEP_SIZE, FALLOC_FL_PUNCH_HOLE, LOCK_NB, LOCK_SH, systemCalls } from './system-calls';
