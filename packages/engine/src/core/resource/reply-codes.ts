/** What a procedure answers with: an SS_* code, or one of these. Source: setup.md 3. */
export type Done = (code: number) => void;

export const ERR = {
  NO_ERROR: 101,
  ERR_DISK_CONFIGURED: 124,
  ERR_NO_DISK: 138,
  ERR_DATA_NOT_CURRENT: 150,
  ERR_CONNECTED: 151,
  ERR_IMPLICIT_SHRINK: 170,
  ERR_DISK_TOO_SMALL: 111,
  ERR_INVALID_REQUEST: 162,
  ERR_PAUSE_IS_SET: 134,
  ERR_PAUSE_IS_CLEAR: 135,
} as const;
