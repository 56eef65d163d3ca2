/**
 * The building blocks of a layout: how one field of a record lies in memory.
 *
 * A value field carries something the program wants; a fixed field carries nothing (a magic number, reserved
 * bytes) and does not appear in the decoded value.
 */
export interface ValueField<T> {
  readonly kind: 'value';
  readonly sizeBytes: number;
  /** Reports through `fail` what makes the bytes unusable, and then returns any T. */
  read(view: DataView, at: number, fail: Fail): T;
  write(view: DataView, at: number, value: T): void;
}

export interface FixedField {
  readonly kind: 'fixed';
  readonly sizeBytes: number;
  check(view: DataView, at: number, fail: Fail): void;
  write(view: DataView, at: number): void;
}

export type Fail = (problem: string) => void;

export const u8: ValueField<number> = {
  kind: 'value',
  sizeBytes: 1,
  read: (view, at) => view.getUint8(at),
  write: (view, at, value) => view.setUint8(at, value),
};

/** Big-endian, as every number in DRBD's metadata and packets, the bitmap excepted. */
export const u16: ValueField<number> = {
  kind: 'value',
  sizeBytes: 2,
  read: (view, at) => view.getUint16(at),
  write: (view, at, value) => view.setUint16(at, value),
};

export const u32: ValueField<number> = {
  kind: 'value',
  sizeBytes: 4,
  read: (view, at) => view.getUint32(at),
  write: (view, at, value) => view.setUint32(at, value),
};

export const s32: ValueField<number> = {
  kind: 'value',
  sizeBytes: 4,
  read: (view, at) => view.getInt32(at),
  write: (view, at, value) => view.setInt32(at, value),
};

/** For UUIDs, dagtags and masks. */
export const u64: ValueField<bigint> = {
  kind: 'value',
  sizeBytes: 8,
  read: (view, at) => view.getBigUint64(at),
  write: (view, at, value) => view.setBigUint64(at, value),
};

/** 64 bits that count something: refused when above 2^53 - 1, since a double would round it. */
export const u64Count: ValueField<number> = {
  kind: 'value',
  sizeBytes: 8,
  read: (view, at, fail) => {
    const value = view.getBigUint64(at);
    if (value > BigInt(Number.MAX_SAFE_INTEGER)) fail(`${value} is too large for a count`);
    return Number(value);
  },
  write: (view, at, value) => view.setBigUint64(at, BigInt(value)),
};

/** A number field under a branded number type: `branded(u32, sectors)`. */
export function branded<T extends number>(field: ValueField<number>, brand: (n: number) => T): ValueField<T> {
  return { ...field, read: (view, at, fail) => brand(field.read(view, at, fail)) };
}

/** `count` fields one after the other. */
export function array<T>(field: ValueField<T>, count: number): ValueField<readonly T[]> {
  return {
    kind: 'value',
    sizeBytes: field.sizeBytes * count,
    read: (view, at, fail) => Array.from({ length: count }, (_, i) => field.read(view, at + i * field.sizeBytes, fail)),
    write: (view, at, values) => {
      if (values.length !== count) throw new Error(`${values.length} values for an array of ${count}`);
      values.forEach((value, i) => field.write(view, at + i * field.sizeBytes, value));
    },
  };
}

/** `length` bytes as they are. */
export function rawBytes(length: number): ValueField<Uint8Array> {
  return {
    kind: 'value',
    sizeBytes: length,
    read: (view, at) => new Uint8Array(view.buffer, view.byteOffset + at, length).slice(),
    write: (view, at, value) => {
      if (value.length !== length) throw new Error(`${value.length} bytes for a field of ${length}`);
      new Uint8Array(view.buffer, view.byteOffset + at, length).set(value);
    },
  };
}

/** Must hold exactly this value: a magic number. */
export function constant<T extends number | bigint>(field: ValueField<T>, expected: T): FixedField {
  return {
    kind: 'fixed',
    sizeBytes: field.sizeBytes,
    check: (view, at, fail) => {
      const found = field.read(view, at, fail);
      if (found !== expected) fail(`expected 0x${expected.toString(16)}, found 0x${found.toString(16)}`);
    },
    write: (view, at) => field.write(view, at, expected),
  };
}

/** Reserved bytes: written as zero, not looked at when read. */
export function zeros(length: number): FixedField {
  return {
    kind: 'fixed',
    sizeBytes: length,
    check: () => undefined,
    write: (view, at) => void new Uint8Array(view.buffer, view.byteOffset + at, length).fill(0),
  };
}
