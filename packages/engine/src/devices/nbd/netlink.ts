/**
 * Tells the kernel's nbd driver a device's new size, which nbd-client cannot do for a device in use. Generic netlink:
 * the family's number is asked for by name, then NBD_CMD_RECONFIGURE is sent.
 *
 * Sources: netlink(7), the kernel's documentation of generic netlink, and its user-space headers <linux/genetlink.h> and
 * <linux/nbd-netlink.h>. All numbers have the machine's byte order, little-endian here.
 */
const HEADER_BYTES = 16;
const GENERIC_HEADER_BYTES = 4;
const NLMSG_ERROR = 2;
const NLM_F_REQUEST = 1;
const NLM_F_ACK = 4;
const GENL_ID_CTRL = 16;
const CTRL_CMD_GETFAMILY = 3;
const CTRL_ATTR_FAMILY_ID = 1;
const CTRL_ATTR_FAMILY_NAME = 2;
const NBD_CMD_RECONFIGURE = 3;
const NBD_ATTR_INDEX = 1;
const NBD_ATTR_SIZE_BYTES = 2;

/** Sends one message and gives the first answer. Throws. */
export type NetlinkExchange = (message: Buffer) => Buffer;

/** Throws with the kernel's errno where it refuses. */
export function setNbdSize(exchange: NetlinkExchange, deviceIndex: number, sizeBytes: number): void {
  const family = decodeFamilyId(exchange(encodeGetFamily('nbd')));
  checkAcknowledged(exchange(encodeSetSize(family, deviceIndex, sizeBytes)));
}

export const encodeGetFamily = (name: string): Buffer =>
  message(GENL_ID_CTRL, CTRL_CMD_GETFAMILY, NLM_F_REQUEST, [
    attribute(CTRL_ATTR_FAMILY_NAME, Buffer.from(`${name}\0`, 'latin1')),
  ]);

export function encodeSetSize(family: number, deviceIndex: number, sizeBytes: number): Buffer {
  const index = Buffer.alloc(4);
  index.writeUInt32LE(deviceIndex);
  const size = Buffer.alloc(8);
  size.writeBigUInt64LE(BigInt(sizeBytes));
  return message(family, NBD_CMD_RECONFIGURE, NLM_F_REQUEST | NLM_F_ACK, [
    attribute(NBD_ATTR_INDEX, index),
    attribute(NBD_ATTR_SIZE_BYTES, size),
  ]);
}

export function decodeFamilyId(answer: Buffer): number {
  checkAcknowledged(answer);
  for (let at = HEADER_BYTES + GENERIC_HEADER_BYTES; at + 4 <= answer.length;) {
    const length = answer.readUInt16LE(at);
    if (length < 4) break;
    if (answer.readUInt16LE(at + 2) === CTRL_ATTR_FAMILY_ID) return answer.readUInt16LE(at + 4);
    at += padded(length);
  }
  throw new Error('netlink: an answer without the number of the family');
}

/** An error message with number 0 is the acknowledgement. */
export function checkAcknowledged(answer: Buffer): void {
  if (answer.length < HEADER_BYTES + 4) throw new Error(`netlink: an answer of ${answer.length} bytes`);
  if (answer.readUInt16LE(4) !== NLMSG_ERROR) return;
  const minusErrno = answer.readInt32LE(HEADER_BYTES);
  if (minusErrno !== 0) throw new Error(`netlink: the kernel refuses with error ${-minusErrno}`);
}

/** u32 length, u16 type, u16 flags, u32 sequence, u32 port; u8 command, u8 version, u16 reserved; attributes. */
function message(type: number, command: number, flags: number, attributes: readonly Buffer[]): Buffer {
  const head = Buffer.alloc(HEADER_BYTES + GENERIC_HEADER_BYTES);
  const whole = Buffer.concat([head, ...attributes]);
  whole.writeUInt32LE(whole.length, 0);
  whole.writeUInt16LE(type, 4);
  whole.writeUInt16LE(flags, 6);
  whole.writeUInt32LE(1, 8);
  whole.writeUInt8(command, HEADER_BYTES);
  whole.writeUInt8(1, HEADER_BYTES + 1);
  return whole;
}

/** u16 length without the padding, u16 type, value, padded to 4 bytes. */
function attribute(type: number, value: Buffer): Buffer {
  const whole = Buffer.alloc(padded(4 + value.length));
  whole.writeUInt16LE(4 + value.length, 0);
  whole.writeUInt16LE(type, 2);
  value.copy(whole, 4);
  return whole;
}

const padded = (length: number): number => Math.ceil(length / 4) * 4;
