/** On-disk metadata: bytes to values and back, without I/O. Source of the formats: metadata.md. */
export { MdFlag, PeerMdFlag, hasFlags, withFlags, withoutFlags } from './superblock/flags';
export { decodeSuperblock, encodeSuperblock, type PeerMd, type SuperblockV09 } from './superblock/v09';
export { decodeSuperblockV08, encodeSuperblockV08, type SuperblockV08 } from './superblock/v08';
export { decodeSuperblockV07, encodeSuperblockV07, type SuperblockV07 } from './superblock/v07';
export {
  decodeAnySuperblock,
  encodeAnySuperblock,
  type AnySuperblock,
  type MetadataFormat,
} from './superblock/superblock';
export { findProblem } from './superblock/validate';
export { convertV07ToV08, convertV08ToV07, convertV08ToV09, convertV09ToV08 } from './superblock/convert';
export { isMetadataError, metadataError, type MetadataError } from './metadata-error';
export {
  bitmapSizeBytes,
  layoutOfSuperblock,
  metadataLayout,
  superblockOffset,
  type GeometryFields,
  type LayoutOptions,
  type MetadataLayout,
  type Placement,
} from './layout';
export {
  createMetadata,
  createSuperblockV07,
  createSuperblockV08,
  createSuperblockV09,
  EMPTY_PEER,
  initialActivityLog,
  type CreatedMetadata,
  type CreateOptions,
  type MetadataWrite,
} from './create';
export {
  AL_CONTEXT_PER_TRANSACTION,
  AL_EXTENT_FREE,
  AL_SLOT_NONE,
  AL_UPDATES_PER_TRANSACTION,
  contextAssignments,
  decodeAlTransaction,
  encodeAlInitialised,
  encodeAlTransaction,
  type AlContext,
  type AlInitialised,
  type AlTransaction,
  type AlTransactionInput,
  type AlUpdate,
} from './activity-log/transaction';
export { alTransactionBlockOffset } from './activity-log/ring';
export { AL_SLOTS_MAX, replayActivityLog, type AlReplay, type AlReplayProblem } from './activity-log/replay';
export {
  decodeOldAlSector,
  oldAlRingLength,
  replayOldActivityLog,
  type OldAlReplay,
  type OldAlSector,
} from './activity-log/old-format';
export { isPmemActivityLog, pmemSlots, replayPmemActivityLog } from './activity-log/pmem-format';
export {
  BITMAP_BLOCK_WORDS,
  BITMAP_WORD_BITS,
  blocksOfBits,
  blocksOfSlotWords,
  decodeBitmapBlock,
  diskBitOf,
  encodeBitmapBlock,
  extractSlotWords,
  insertSlotWords,
  popcount32,
  setBitsInBlock,
  slotWordsOfBlock,
  type SlotWords,
} from './bitmap/interleave';
export { crc32cSeedZero } from './crc32c';
export {
  AL_BLOCKS_MAX_ATTACH,
  AL_BLOCKS_MAX_CREATE,
  AL_BLOCKS_MIN,
  AL_MAGIC,
  AL_MAGIC_OLD,
  AL_MAGIC_PMEM,
  AL_NR_EXTENTS_CREATED,
  AL_STRIPES_DEFAULT,
  AL_STRIPE_SIZE_4K_DEFAULT,
  BITMAP_SLOTS_MAX,
  BM_BYTES_PER_BIT_MAX,
  BM_BYTES_PER_BIT_MIN,
  DATA_SECTORS_MAX,
  HISTORY_UUID_COUNT,
  MD_BLOCK_BYTES,
  MD_BLOCK_SECTORS,
  MD_DEVICE_BYTES_MIN,
  MD_DEVICE_SECTORS_MIN_ATTACH,
  MD_FIXED_BYTES,
  MD_MAGIC_07,
  MD_MAGIC_08,
  MD_MAGIC_09,
  MD_MAGIC_84_UNCLEAN,
  NODE_ID_COUNT,
  UUID_JUST_CREATED,
  UUID_PRIMARY,
} from './constants';
