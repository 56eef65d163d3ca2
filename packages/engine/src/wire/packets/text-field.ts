/** Algorithm names in packets: ASCII with a terminating NUL, in a field of fixed or of just sufficient length. */

/** `null` when the terminating NUL is missing. Bytes behind the first NUL are padding. */
export function decodeText(field: Uint8Array): string | null {
  if (field.length === 0 || field[field.length - 1] !== 0) return null;
  return String.fromCharCode(...field.subarray(0, field.indexOf(0)));
}

/** Pads with NUL to `lengthBytes`. A name that does not fit is a bug: option values are checked long before. */
export function encodeText(text: string, lengthBytes: number): Uint8Array {
  if (text.length >= lengthBytes) throw new Error(`"${text}" does not fit into ${lengthBytes} bytes`);
  return Uint8Array.from({ length: lengthBytes }, (_, i) => (i < text.length ? text.charCodeAt(i) & 0xff : 0));
}
