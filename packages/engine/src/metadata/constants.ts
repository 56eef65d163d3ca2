/** Numbers of the on-disk format that several structures share. Source: metadata.md 1, 2.1, 4, 5. */
export const MD_BLOCK_BYTES = 4096;
export const MD_BLOCK_SECTORS = 8;

/** Peer records in a v09 superblock, indexed by node id. */
export const NODE_ID_COUNT = 32;
export const HISTORY_UUID_COUNT = 32;
export const BITMAP_SLOTS_MAX = 31;

export const AL_STRIPES_DEFAULT = 1;
export const AL_STRIPE_SIZE_4K_DEFAULT = 8;
export const AL_BLOCKS_MIN = 8;
/** What the command line accepts: 32 MiB. A kernel attaches up to `AL_BLOCKS_MAX_ATTACH` (metadata.md 2.3). */
export const AL_BLOCKS_MAX_CREATE = 8192;
export const AL_BLOCKS_MAX_ATTACH = 4194304;
/** Stored by create-md; the engine overwrites it with the configured number (metadata.md T11). */
export const AL_NR_EXTENTS_CREATED = 257;

export const BM_BYTES_PER_BIT_MIN = 4096;
export const BM_BYTES_PER_BIT_MAX = 1024 * 1024;

/** Metadata exists, no data generation yet (metadata.md 5). */
export const UUID_JUST_CREATED = 4n;
/** Bit 0 of a current UUID: its node was Primary when it was written; ignored in comparisons. */
export const UUID_PRIMARY = 1n;

/** An indexed metadata block, and v07's fixed internal one, takes 128 MiB. */
export const MD_FIXED_BYTES = 128 * 1024 * 1024;
/** No device below 68 KiB is looked at (metadata.md 2.3). */
export const MD_DEVICE_BYTES_MIN = 69632;
/** A metadata device that is not indexed needs 1 MiB to be attached (metadata.md 2.3). */
export const MD_DEVICE_SECTORS_MIN_ATTACH = 2048;
/** 1 PiB. */
export const DATA_SECTORS_MAX = 2 ** 41;

export const MD_MAGIC_07 = 0x8374026a;
export const MD_MAGIC_08 = 0x8374026b;
export const MD_MAGIC_84_UNCLEAN = 0x8374026c;
export const MD_MAGIC_09 = 0x8374026d;
export const AL_MAGIC_OLD = 0x83740267;
export const AL_MAGIC = 0x69cb65a2;
export const AL_MAGIC_PMEM = 0x6aa667a6;
