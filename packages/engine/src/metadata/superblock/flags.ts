/** Superblock flag bits of v08 and v09, and of v07 inside its first counter. Source: metadata.md 1.6. */
export const MdFlag = {
  consistent: 0x001,
  primaryInd: 0x002,
  /** v07 and v08 only; v09 keeps it per peer. */
  connectedInd: 0x004,
  /** v07 and v08 only; v09 keeps it per peer. */
  fullSync: 0x008,
  wasUpToDate: 0x010,
  /** v07 and v08 only; v09 keeps it per peer. */
  peerOutDated: 0x020,
  crashedPrimary: 0x040,
  alClean: 0x080,
  alDisabled: 0x100,
  primaryLostQuorum: 0x200,
  /** `members` is valid. */
  haveQuorum: 0x400,
} as const;

/** Flag bits of one peer record of v09. Source: metadata.md 1.6. */
export const PeerMdFlag = {
  connected: 0x1,
  /** Its disk was Inconsistent or Outdated. */
  outdated: 0x2,
  fencing: 0x4,
  fullSync: 0x8,
  /** It was seen with a backing device at least once. */
  deviceSeen: 0x10,
  nodeExists: 0x10000,
  /** Only ever in memory: never written. */
  haveBitmap: 0x80000000,
} as const;

/** Bit operations on numbers that use all 32 bits: the results are never negative. */
export const withFlags = (flags: number, mask: number): number => (flags | mask) >>> 0;
export const withoutFlags = (flags: number, mask: number): number => (flags & ~mask) >>> 0;
export const hasFlags = (flags: number, mask: number): boolean => (flags & mask) >>> 0 === mask >>> 0;
