import type { Fail, FixedField, ValueField } from './field';

export type Fields = Readonly<Record<string, ValueField<never> | FixedField>>;

/** The record a field table describes; fixed fields have no place in it. */
export type LayoutValue<F> = {
  readonly [K in keyof F as F[K] extends FixedField ? never : K]: F[K] extends ValueField<infer T> ? T : never;
};

export interface CodecError {
  readonly kind: 'codec-error';
  readonly layout: string;
  /** The field that failed; null when there were not enough bytes at all. */
  readonly field: string | null;
  readonly message: string;
}

export interface Layout<T> {
  readonly name: string;
  readonly sizeBytes: number;
  /** Where each field starts, in bytes from the start of the record. */
  readonly offsets: Readonly<Record<string, number>>;
  /** Decodes the first `sizeBytes` bytes; what follows is not looked at. */
  decode(bytes: Uint8Array): T | CodecError;
  encode(value: T): Uint8Array;
  /** Encodes to the start of `into`, which must be large enough. */
  encodeInto(value: T, into: Uint8Array): void;
  /** This record as a field of another one. */
  readonly asField: ValueField<T>;
}

export const isCodecError = (value: unknown): value is CodecError =>
  typeof value === 'object' && value !== null && (value as { kind?: unknown }).kind === 'codec-error';

/**
 * A record declared as a field table, in the order of the bytes; sizes, decoding and encoding follow from it.
 * `sizeBytes`, when given, is checked against the table.
 */
export function layout<const F extends Record<string, ValueField<never> | FixedField | ValueField<unknown>>>(
  name: string,
  fields: F,
  sizeBytes?: number,
): Layout<LayoutValue<F>> {
  type T = LayoutValue<F>;
  const offsets: Record<string, number> = {};
  let total = 0;
  for (const [key, field] of Object.entries(fields)) {
    offsets[key] = total;
    total += field.sizeBytes;
  }
  if (sizeBytes !== undefined && sizeBytes !== total) {
    throw new Error(`${name} takes ${total} bytes, not ${sizeBytes}`);
  }
  const entries = Object.entries(fields).map(
    ([key, field]) => [key, field as ValueField<unknown> | FixedField, offsets[key] ?? 0] as const,
  );

  const read = (view: DataView, at: number, fail: (field: string, problem: string) => void): T => {
    const value: Record<string, unknown> = {};
    for (const [key, field, offset] of entries) {
      const failHere: Fail = (problem) => fail(key, problem);
      if (field.kind === 'fixed') field.check(view, at + offset, failHere);
      else value[key] = field.read(view, at + offset, failHere);
    }
    return value as T;
  };
  const write = (view: DataView, at: number, value: T): void => {
    for (const [key, field, offset] of entries) {
      if (field.kind === 'fixed') field.write(view, at + offset);
      else field.write(view, at + offset, (value as Record<string, unknown>)[key]);
    }
  };
  const viewOf = (bytes: Uint8Array): DataView => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);

  return {
    name,
    sizeBytes: total,
    offsets,
    decode(bytes) {
      if (bytes.byteLength < total) {
        const message = `${name}: ${bytes.byteLength} bytes where ${total} are needed`;
        return { kind: 'codec-error', layout: name, field: null, message };
      }
      let error: CodecError | null = null;
      const value = read(viewOf(bytes), 0, (field, problem) => {
        error ??= { kind: 'codec-error', layout: name, field, message: `${name}.${field}: ${problem}` };
      });
      return error ?? value;
    },
    encode(value) {
      const bytes = new Uint8Array(total);
      write(viewOf(bytes), 0, value);
      return bytes;
    },
    encodeInto(value, into) {
      if (into.byteLength < total) throw new Error(`${name}: ${total} bytes do not fit into ${into.byteLength}`);
      write(viewOf(into), 0, value);
    },
    asField: {
      kind: 'value',
      sizeBytes: total,
      read: (view, at, fail) => read(view, at, (field, problem) => fail(`${field}: ${problem}`)),
      write,
    },
  };
}
