import { nameTable } from './name-table';

/** Results of state changes, local and asked of the peer; 1 and above is agreement. Source: wire.md 10.2. */
export const StateResult = {
  SS_CW_NO_NEED: 4,
  SS_CW_SUCCESS: 3,
  SS_NOTHING_TO_DO: 2,
  SS_SUCCESS: 1,
  SS_UNKNOWN_ERROR: 0,
  SS_TWO_PRIMARIES: -1,
  SS_NO_UP_TO_DATE_DISK: -2,
  SS_NO_LOCAL_DISK: -4,
  SS_NO_REMOTE_DISK: -5,
  SS_CONNECTED_OUTDATES: -6,
  SS_PRIMARY_NOP: -7,
  SS_RESYNC_RUNNING: -8,
  SS_ALREADY_STANDALONE: -9,
  SS_CW_FAILED_BY_PEER: -10,
  SS_IS_DISKLESS: -11,
  SS_DEVICE_IN_USE: -12,
  SS_NO_NET_CONFIG: -13,
  SS_NO_VERIFY_ALG: -14,
  SS_NEED_CONNECTION: -15,
  SS_LOWER_THAN_OUTDATED: -16,
  SS_NOT_SUPPORTED: -17,
  SS_IN_TRANSIENT_STATE: -18,
  SS_CONCURRENT_ST_CHG: -19,
  SS_O_VOL_PEER_PRI: -20,
  /** DRBD 9 calls it SS_INTERRUPTED. */
  SS_OUTDATE_WO_CONN: -21,
  SS_PRIMARY_READER: -22,
  SS_TIMEOUT: -23,
  SS_WEAKLY_CONNECTED: -24,
  SS_NO_QUORUM: -25,
  SS_ATTACH_NO_BITMAP: -26,
  SS_HANDSHAKE_DISCONNECT: -27,
  SS_HANDSHAKE_RETRY: -28,
} as const;

export type StateResultName = keyof typeof StateResult;
export const stateResults = nameTable(StateResult);
