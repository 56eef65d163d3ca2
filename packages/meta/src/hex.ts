/** Numbers as DRBD prints them: upper-case, without 0x. */
export const hex64 = (value: bigint): string => value.toString(16).toUpperCase().padStart(16, '0');
export const hex32 = (value: number): string => (value >>> 0).toString(16).toUpperCase().padStart(8, '0');

/** `0000a0  xx*8  xx*8  |ascii|`, equal lines folded to one `*`, the end offset as last line. Source: metadata.md 9.8. */
export function hexDump(bytes: Uint8Array, firstOffset: number): string {
  const lines: string[] = [];
  let previous = '';
  let folded = false;
  for (let at = 0; at < bytes.length; at += 16) {
    const line = hexLine(bytes.subarray(at, at + 16));
    const isLast = at + 16 >= bytes.length;
    if (line === previous && !isLast) {
      if (!folded) lines.push('*');
      folded = true;
      continue;
    }
    folded = false;
    previous = line;
    lines.push(`${offsetText(firstOffset + at)}  ${line}`);
  }
  lines.push(offsetText(firstOffset + bytes.length));
  return lines.map((line) => `${line}\n`).join('');
}

function hexLine(bytes: Uint8Array): string {
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, '0'));
  const ascii = [...bytes].map((byte) => (byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : '.')).join('');
  return `${hex.slice(0, 8).join(' ')}  ${hex.slice(8).join(' ')}  |${ascii}|`;
}

const offsetText = (offset: number): string => offset.toString(16).padStart(8, '0');
