/** Replication protocols as numbers. Source: wire.md 5.1. */
export const ReplicationProtocol = { A: 1, B: 2, C: 3 } as const;

/** `connFlags` of P_PROTOCOL. Source: wire.md 5.1. */
export const ConnFlag = { DISCARD_MY_DATA: 1, DRY_RUN: 2 } as const;

/** `ddsFlags` of P_SIZES. Source: wire.md 5.3. */
export const DdsFlag = { FORCED: 1, NO_RESYNC: 2 } as const;

/** Feature flags of P_CONNECTION_FEATURES. Source: wire.md 3. */
export const Feature = {
  TRIM: 1,
  THIN_RESYNC: 2,
  /** P_SIZES carries queue limits. */
  WSAME: 4,
  WZEROES: 8,
} as const;

/** DRBD's name of the first feature in `flags`, for messages. */
export const featureName = (flags: number): string =>
  Object.entries(Feature).find(([, flag]) => (flags & flag) !== 0)?.[0] ?? `0x${flags.toString(16)}`;

/** What this dialect speaks, and what 8.4.11 offers. Source: wire.md 3. */
export const PROTOCOL_MIN = 86;
export const PROTOCOL_MAX = 101;
export const FEATURES_ALL = Feature.TRIM | Feature.THIN_RESYNC | Feature.WSAME | Feature.WZEROES;

/** `flags` of P_DATA, P_TRIM, P_ZEROES, P_WSAME. Source: wire.md 6.3. */
export const DataFlag = {
  HARDBARRIER: 1,
  RW_SYNC: 2,
  MAY_SET_IN_SYNC: 4,
  UNPLUG: 8,
  FUA: 16,
  FLUSH: 32,
  DISCARD: 64,
  /** From protocol 100: answer with P_RECV_ACK. */
  SEND_RECEIVE_ACK: 128,
  /** From protocol 100: answer with P_WRITE_ACK. */
  SEND_WRITE_ACK: 256,
  WSAME: 512,
  ZEROES: 1024,
} as const;

/** `flags` of P_UUIDS; below protocol 110 only these four may be sent. Source: wire.md 5.4. */
export const UuidFlag = {
  DISCARD_MY_DATA: 1n,
  CRASHED_PRIMARY: 2n,
  INCONSISTENT: 4n,
  SKIP_INITIAL_SYNC: 8n,
} as const;

/** Result of an online verify in `blockId` of P_OV_RESULT. Source: wire.md 9. */
export const OvResultId = { SKIPPED: 4710n, IN_SYNC: 4711n, OUT_OF_SYNC: 4712n } as const;

/** UUID of fresh metadata. Source: wire.md 5.4. */
export const UUID_JUST_CREATED = 4n;

/** Most data in one P_DATA, reply or resync request from `version` on. Source: wire.md 5.3. */
export function maxBioSizeBytes(version: number): number {
  if (version >= 100) return 1024 * 1024;
  return version >= 95 ? 128 * 1024 : 32 * 1024;
}
