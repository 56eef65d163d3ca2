export type {
  AllocationDone,
  AllocationExtent,
  Durability,
  Errno,
  ExportClient,
  ExportedVolume,
  OpenHandle,
  OpenMode,
  OpenResult,
  RequestDone,
  ZeroSpace,
} from './exported-volume';
