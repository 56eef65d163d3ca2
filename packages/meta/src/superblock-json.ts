/** A superblock as JSON, read field by field without judging it. Source: metadata.md 9.8, transcript dump-superblock. */
import {
  HISTORY_UUID_COUNT,
  MD_BLOCK_BYTES,
  MD_MAGIC_07,
  MD_MAGIC_08,
  MD_MAGIC_09,
  MD_MAGIC_84_UNCLEAN,
  NODE_ID_COUNT,
} from '@tsdrbd/engine/metadata';
import { hex32, hex64 } from './hex';

export interface DumpFacts {
  readonly dump_time_utc: string;
  readonly dump_host: string;
  readonly md_device_name: string;
  readonly dump_offset: number;
  readonly bd_size: number;
  readonly dumped_as: string;
  readonly valid: string;
}

export function superblockJson(format: 'v08' | 'v09', bytes: Uint8Array, facts: DumpFacts): string {
  const read = new Reader(bytes);
  const isV09 = format === 'v09';
  const paddingStart = isV09 ? 1392 : 100;
  const lines = [
    `"effective_size": ${read.u64(0x00)}`,
    `"current_uuid": ${read.hex64(0x08)}`,
    `"device_uuid": ${read.hex64(isV09 ? 0x30 : 0x28)}`,
    `"flags": ${read.hex32(0x38)}`,
    `"magic": ${read.hex32(0x3c)}`,
    `"md_size_sect": ${read.u32(0x40)}`,
    `"al_offset": ${read.s32(0x44)}`,
    `"al_nr_extents": ${read.u32(0x48)}`,
    `"bm_offset": ${read.s32(0x4c)}`,
    `"bm_bytes_per_bit": ${read.u32(0x50)}`,
    `"la_peer_max_bio_size": ${read.u32(0x54)}`,
    `"al_stripes": ${read.u32(isV09 ? 0x60 : 0x58)}`,
    `"al_stripe_size_4k": ${read.u32(isV09 ? 0x64 : 0x5c)}`,
    ...(isV09 ? v09Lines(read) : v08Lines(read)),
    `"padding": { "start": ${paddingStart}, "end": ${MD_BLOCK_BYTES}, "non-zero": {${nonZero(bytes, paddingStart)} } }`,
    metaLine(read, facts),
  ];
  return `{\n${lines.map((line) => `  ${line}`).join(',\n')}\n}\n`;
}

function v08Lines(read: Reader): readonly string[] {
  return [
    `"peers": [ { "bitmap_uuid": ${read.hex64(0x10)} } ]`,
    `"history_uuids": [\n    ${read.hex64(0x18)}, ${read.hex64(0x20)}\n  ]`,
  ];
}

function v09Lines(read: Reader): readonly string[] {
  const peers = Array.from({ length: NODE_ID_COUNT }, (_, node) => {
    const at = 0x70 + 32 * node;
    return (
      `    { "bitmap_uuid": ${read.hex64(at)},  "bitmap_dagtag": ${read.u64(at + 8)},  "flags": ${read.hex32(at + 16)},` +
      `  "bitmap_index": ${read.s32(at + 20)},  "reserved_u32": [ ${read.hex32(at + 24)}, ${read.hex32(at + 28)} ] }`
    );
  });
  const history = Array.from({ length: HISTORY_UUID_COUNT / 4 }, (_, line) => {
    const uuids = [0, 1, 2, 3].map((i) => read.hex64(0x470 + 8 * (4 * line + i)));
    return `    ${uuids.join(', ')}`;
  });
  return [
    `"peers": [\n${peers.join(',\n')}\n  ]`,
    `"bm_max_peers": ${read.u32(0x58)}`,
    `"node_id": ${read.s32(0x5c)}`,
    `"members": ${read.hex64(0x10)}`,
    `"reserved_u64": [ ${read.hex64(0x18)}, ${read.hex64(0x20)}, ${read.hex64(0x28)} ]`,
    `"reserved_u32": [ ${read.hex32(0x68)}, ${read.hex32(0x6c)} ]`,
    `"history_uuids": [\n${history.join(',\n')}\n  ]`,
  ];
}

function metaLine(read: Reader, facts: DumpFacts): string {
  const entries: readonly (readonly [string, string | number])[] = [
    ['dump_time_utc', facts.dump_time_utc],
    ['dump_host', facts.dump_host],
    ['md_device_name', facts.md_device_name],
    ['dump_offset', facts.dump_offset],
    ['bd_size', facts.bd_size],
    ['dumped_as', facts.dumped_as],
    ['looks_like', looksLike(read)],
    ['valid', facts.valid],
  ];
  return `"#meta": {\n${entries.map(([key, value]) => `    "${key}": ${JSON.stringify(value)}`).join(',\n')}\n  }`;
}

function looksLike(read: Reader): string {
  switch (read.u32(0x3c)) {
    case MD_MAGIC_08:
    case MD_MAGIC_84_UNCLEAN:
      return 'v08';
    case MD_MAGIC_09:
      return 'v09';
    default:
      return read.u32(0x1c) === MD_MAGIC_07 ? 'v07' : 'UNKNOWN';
  }
}

/** Not seen on the original: offsets as keys, bytes as hexadecimal text. */
function nonZero(bytes: Uint8Array, start: number): string {
  const found = [...bytes.subarray(start)].flatMap((byte, i) =>
    byte === 0 ? [] : [` "${start + i}": "0x${byte.toString(16).padStart(2, '0')}"`],
  );
  return found.join(',');
}

class Reader {
  private readonly view: DataView;
  constructor(bytes: Uint8Array) {
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }
  u32(at: number): number {
    return this.view.getUint32(at);
  }
  s32(at: number): number {
    return this.view.getInt32(at);
  }
  u64(at: number): bigint {
    return this.view.getBigUint64(at);
  }
  hex32(at: number): string {
    return `"0x${hex32(this.u32(at))}"`;
  }
  hex64(at: number): string {
    return `"0x${hex64(this.u64(at))}"`;
  }
}
