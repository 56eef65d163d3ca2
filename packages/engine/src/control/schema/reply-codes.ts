/**
 * The numbers with which the engine answers a command, and DRBD's text for each. Sources: setup.md 3.2 (failures) and
 * 3.3 (state changes). Texts are DRBD's to the byte, misspellings and trailing newlines included: scripts compare them.
 */
export const NO_ERROR = 101;

/** Positive: success, shades of which are never shown. */
export const SS_SUCCESS = 1;
export const SS_NOTHING_TO_DO = 2;
export const SS_CW_SUCCESS = 3;
export const SS_CW_NO_NEED = 4;

/** Identifier, number, text. '' as identifier: kept for its text only, the engine never answers it. */
export const FAILURES = [
  ['NO_ERROR', 101, 'No further Information available.'],
  ['ERR_LOCAL_ADDR', 102, 'Local address(port) already in use.'],
  ['ERR_PEER_ADDR', 103, 'Remote address(port) already in use.'],
  ['ERR_OPEN_DISK', 104, 'Can not open backing device.'],
  ['ERR_OPEN_MD_DISK', 105, 'Can not open meta device.'],
  ['', 106, 'Lower device already in use.'],
  ['ERR_DISK_NOT_BDEV', 107, 'Lower device is not a block device.'],
  ['ERR_MD_NOT_BDEV', 108, 'Meta device is not a block device.'],
  ['', 109, 'Open of lower device failed.'],
  ['', 110, 'Open of meta device failed.'],
  ['ERR_DISK_TOO_SMALL', 111, 'Low.dev. smaller than requested DRBD-dev. size.'],
  ['ERR_MD_DISK_TOO_SMALL', 112, 'Meta device too small.'],
  ['', 113, 'You have to use the disk command first.'],
  ['ERR_BDCLAIM_DISK', 114, 'Lower device is already claimed. This usually means it is mounted.'],
  ['ERR_BDCLAIM_MD_DISK', 115, 'Meta device is already claimed. This usually means it is mounted.'],
  ['ERR_MD_IDX_INVALID', 116, 'Lower device / meta device / index combination invalid.'],
  [
    '',
    117,
    'Currently we only support devices up to 3.998TB.\n(up to 2TB in case you do not have CONFIG_LBD set)\nContact office@linbit.com, if you need more.',
  ],
  ['ERR_IO_MD_DISK', 118, 'IO error(s) occurred during initial access to meta-data.\n'],
  [
    'ERR_MD_INVALID',
    119,
    "No valid meta-data signature found.\n\n\t==> Use 'drbdadm create-md res' to initialize meta-data area. <==\n",
  ],
  [
    'ERR_AUTH_ALG',
    120,
    "The 'cram-hmac-alg' you specified is not known in the kernel. (Maybe you need to modprobe it, or modprobe hmac?)",
  ],
  ['ERR_AUTH_ALG_ND', 121, "The 'cram-hmac-alg' you specified is not a digest."],
  ['ERR_NOMEM', 122, 'kmalloc() failed. Out of memory?'],
  ['ERR_DISCARD_IMPOSSIBLE', 123, '--discard-my-data not allowed when primary.'],
  ['ERR_DISK_CONFIGURED', 124, 'Device is attached to a disk (use detach first)'],
  ['ERR_NET_CONFIGURED', 125, 'Device has a net-config (use disconnect first)'],
  ['ERR_MANDATORY_TAG', 126, 'UnknownMandatoryTag'],
  ['ERR_MINOR_INVALID', 127, 'Device minor not allocated'],
  ['', 128, 'Resulting device state would be invalid'],
  ['ERR_INTR', 129, 'Interrupted by Signal'],
  ['ERR_RESIZE_RESYNC', 130, 'Resize not allowed during resync.'],
  ['ERR_NO_PRIMARY', 131, 'Need one Primary node to resize.'],
  ['ERR_RESYNC_AFTER', 132, 'The resync-after minor number is invalid'],
  ['ERR_RESYNC_AFTER_CYCLE', 133, 'This would cause a resync-after dependency cycle'],
  ['ERR_PAUSE_IS_SET', 134, 'Sync-pause flag is already set'],
  ['ERR_PAUSE_IS_CLEAR', 135, 'Sync-pause flag is already cleared'],
  ['', 136, 'Disk state is lower than outdated'],
  ['ERR_PACKET_NR', 137, 'Kernel does not know how to handle your request.\nMaybe API_VERSION mismatch?'],
  ['ERR_NO_DISK', 138, 'Device does not have a disk-config'],
  ['ERR_NOT_PROTO_C', 139, 'Protocol C required'],
  ['ERR_NOMEM_BITMAP', 140, 'vmalloc() failed. Out of memory?'],
  [
    'ERR_INTEGRITY_ALG',
    141,
    "The 'data-integrity-alg' you specified is not known in the kernel. (Maybe you need to modprobe it, or modprobe hmac?)",
  ],
  ['ERR_INTEGRITY_ALG_ND', 142, "The 'data-integrity-alg' you specified is not a digest."],
  ['ERR_CPU_MASK_PARSE', 143, 'Invalid cpu-mask.'],
  ['ERR_CSUMS_ALG', 144, 'CSUMSAlgNotAvail'],
  ['ERR_CSUMS_ALG_ND', 145, 'CSUMSAlgNotDigest'],
  ['ERR_VERIFY_ALG', 146, 'VERIFYAlgNotAvail'],
  ['ERR_VERIFY_ALG_ND', 147, 'VERIFYAlgNotDigest'],
  ['ERR_CSUMS_RESYNC_RUNNING', 148, 'Can not change csums-alg while resync is in progress'],
  ['ERR_VERIFY_RUNNING', 149, 'Can not change verify-alg while online verify runs'],
  ['ERR_DATA_NOT_CURRENT', 150, 'Can only attach to the data we lost last (see kernel log).'],
  ['ERR_CONNECTED', 151, 'Need to be StandAlone'],
  ['ERR_PERM', 152, 'Permission denied. CAP_SYS_ADMIN necessary'],
  ['ERR_NEED_APV_93', 153, 'Protocol version 93 required to use --assume-clean'],
  ['ERR_STONITH_AND_PROT_A', 154, 'Fencing policy resource-and-stonith only with prot B or C allowed'],
  ['ERR_CONG_NOT_PROTO_A', 155, 'on-congestion policy pull-ahead only with prot A allowed'],
  [
    'ERR_PIC_AFTER_DEP',
    156,
    'Sync-pause flag is already cleared.\nNote: Resync pause caused by a local resync-after dependency.',
  ],
  ['ERR_PIC_PEER_DEP', 157, 'Sync-pause flag is already cleared.\nNote: Resync pause caused by the peer node.'],
  ['ERR_RES_NOT_KNOWN', 158, 'Unknown resource'],
  ['ERR_RES_IN_USE', 159, 'Resource still in use (delete all minors first)'],
  ['ERR_MINOR_CONFIGURED', 160, 'Minor still configured (down it first)'],
  ['ERR_MINOR_OR_VOLUME_EXISTS', 161, 'Minor or volume exists already (delete it first)'],
  ['ERR_INVALID_REQUEST', 162, 'Invalid configuration request'],
  ['ERR_NEED_APV_100', 163, 'Prot version 100 required in order to change\nthese network options while connected'],
  ['ERR_NEED_ALLOW_TWO_PRI', 164, 'Can not clear allow_two_primaries as long as\nthere a primaries on both sides'],
  ['ERR_MD_UNCLEAN', 165, "Unclean meta-data found.\nYou need to 'drbdadm apply-al res'\n"],
  ['ERR_MD_LAYOUT_CONNECTED', 166, 'DRBD need to be connected for online MD layout change\n'],
  ['ERR_MD_LAYOUT_TOO_BIG', 167, 'Resulting AL area too big\n'],
  ['ERR_MD_LAYOUT_TOO_SMALL', 168, 'Resulting AL are too small\n'],
  ['ERR_MD_LAYOUT_NO_FIT', 169, 'Resulting AL does not fit into available meta data space\n'],
  ['ERR_IMPLICIT_SHRINK', 170, 'Implicit device shrinking not allowed. See kernel log.\n'],
  ['ERR_INVALID_PEER_NODE_ID', 171, 'Invalid peer-node-id\n'],
  ['ERR_CREATE_TRANSPORT', 172, 'Failed to create transport (drbd_transport_xxx module missing?)\n'],
  ['ERR_LOCAL_AND_PEER_ADDR', 173, 'Combination of local address(port) and remote address(port) already in use\n'],
  ['ERR_ALREADY_EXISTS', 174, 'Already exists\n'],
  ['ERR_APV_TOO_LOW', 175, 'A higher DRBD protocol level is required for this operation\n'],
  ['ERR_PATH_COLLISION', 176, 'Path collides with existing path\n'],
] as const;

/** Identifier, number, text. */
export const STATE_CHANGE_REFUSALS = [
  ['SS_TWO_PRIMARIES', -1, 'Multiple primaries not allowed by config'],
  ['SS_NO_UP_TO_DATE_DISK', -2, 'Need access to UpToDate data'],
  ['SS_NO_LOCAL_DISK', -4, 'Can not resync without local disk'],
  ['SS_NO_REMOTE_DISK', -5, 'Can not resync without remote disk'],
  ['SS_CONNECTED_OUTDATES', -6, 'Refusing to be Outdated while Connected'],
  ['SS_PRIMARY_NOP', -7, 'Refusing to be Primary while peer is not outdated'],
  ['SS_RESYNC_RUNNING', -8, 'Can not start OV/resync since it is already active'],
  ['SS_ALREADY_STANDALONE', -9, 'Can not disconnect a StandAlone device'],
  ['SS_CW_FAILED_BY_PEER', -10, 'State change was refused by peer node'],
  ['SS_IS_DISKLESS', -11, 'Device is diskless, the requested operation requires a disk'],
  ['SS_DEVICE_IN_USE', -12, 'Device is held open by someone'],
  ['SS_NO_NET_CONFIG', -13, 'Have no net/connection configuration'],
  ['SS_NO_VERIFY_ALG', -14, 'Need a verify algorithm to start online verify'],
  ['SS_NEED_CONNECTION', -15, 'State change requires a connection'],
  ['SS_LOWER_THAN_OUTDATED', -16, 'Disk state is lower than outdated'],
  ['SS_NOT_SUPPORTED', -17, 'Peer does not support protocol'],
  ['SS_IN_TRANSIENT_STATE', -18, 'In transient state, retry after next state change'],
  ['SS_CONCURRENT_ST_CHG', -19, 'Concurrent state changes detected and aborted'],
  ['SS_O_VOL_PEER_PRI', -20, 'Other vol primary on peer not allowed by config'],
  ['SS_INTERRUPTED', -21, 'Interrupted state change'],
  ['SS_PRIMARY_READER', -22, 'Peer may not become primary while device is opened read-only'],
  ['SS_TIMEOUT', -23, 'Timeout in operation'],
  ['SS_WEAKLY_CONNECTED', -24, 'Primary nodes must be strongly connected among each other'],
  ['SS_NO_QUORUM', -25, 'No quorum'],
  ['SS_ATTACH_NO_BITMAP', -26, 'Intentional diskless peer may not attach a disk'],
  ['SS_HANDSHAKE_DISCONNECT', -27, 'Disconnect chosen in handshake'],
  ['SS_HANDSHAKE_RETRY', -28, 'Retry chosen in handshake'],
] as const;

type FailureName = Exclude<(typeof FAILURES)[number][0], '' | 'NO_ERROR'>;
type RefusalName = (typeof STATE_CHANGE_REFUSALS)[number][0];

/** `ERR.ERR_MINOR_INVALID` is 127. */
export const ERR = numbersByName(FAILURES) as Readonly<Record<FailureName, number>>;
/** `SS.SS_NO_UP_TO_DATE_DISK` is -2. */
export const SS = numbersByName(STATE_CHANGE_REFUSALS) as Readonly<Record<RefusalName, number>>;

const TEXTS = new Map<number, string>([...FAILURES, ...STATE_CHANGE_REFUSALS].map(([, code, text]) => [code, text]));

/** DRBD's text for a code; undefined for a code it has no text for. */
export function replyText(code: number): string | undefined {
  return TEXTS.get(code);
}

/** Does the code stand for success? */
export function isSuccess(code: number): boolean {
  return code === NO_ERROR || (code >= SS_SUCCESS && code <= SS_CW_NO_NEED);
}

function numbersByName(rows: ReadonlyArray<readonly [string, number, string]>): Record<string, number> {
  return Object.fromEntries(rows.filter(([name]) => name !== '').map(([name, code]) => [name, code]));
}
