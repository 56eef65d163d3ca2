/**
 * drbdadm works on bytes: it escapes, cuts and quotes what it reads without knowing letters. Texts of tsdrbdadm do the
 * same where they hold one byte per character, as Latin-1; these two lead in and out.
 */

// eslint-disable-next-line no-control-regex -- all of ASCII is meant
const ASCII = /^[\x00-\x7f]*$/;
const ONE_BYTE_EACH = /^[\x00-\xff]*$/; // eslint-disable-line no-control-regex -- all single bytes are meant

/** The UTF-8 bytes of a text, one a character. */
export function bytesOf(text: string): string {
  return ASCII.test(text) ? text : Buffer.from(text, 'utf8').toString('latin1');
}

/** The text whose UTF-8 bytes these are; what is not only bytes is a text already. */
export function textOf(bytes: string): string {
  return ASCII.test(bytes) || !ONE_BYTE_EACH.test(bytes) ? bytes : Buffer.from(bytes, 'latin1').toString('utf8');
}
