import { array, constant, isCodecError, layout, s32, u8, u16, u32, u64, u64Count, zeros } from './index';

const inner = layout('inner', { a: u16, reserved: zeros(2) }, 4);
const record = layout('record', {
  magic: constant(u32, 0x83740267),
  signed: s32,
  count: u64Count,
  uuid: u64,
  items: array(inner.asField, 2),
  last: u8,
});
const value = { signed: -72, count: 2 ** 40, uuid: 0xffffffffffffffffn, items: [{ a: 1 }, { a: 0xfffe }], last: 7 };
const hex = '83740267ffffffb80000010000000000ffffffffffffffff00010000fffe000007';

describe('a layout', () => {
  test('encodes a record to the bytes of its table, fixed fields included', () => {
    expect(Buffer.from(record.encode(value)).toString('hex')).toBe(hex);
  });

  test('decodes those bytes to the record, without its fixed fields', () => {
    expect(record.decode(Buffer.from(hex, 'hex'))).toEqual(value);
  });

  test('knows the size and the offset of each field', () => {
    expect(record.sizeBytes).toBe(33);
    expect(record.offsets['items']).toBe(24);
  });

  test('refuses a wrong constant, naming the field', () => {
    const error = record.decode(Buffer.from(hex.replace('83740267', '83740268'), 'hex'));
    expect(error).toMatchObject({ kind: 'codec-error', field: 'magic' });
  });

  test('refuses every truncation', () => {
    const bytes = Buffer.from(hex, 'hex');
    for (let length = 0; length < bytes.length; length++) {
      expect(isCodecError(record.decode(bytes.subarray(0, length)))).toBe(true);
    }
  });

  test('refuses a count that a double would round', () => {
    const bytes = Buffer.from(hex, 'hex');
    bytes[8] = 1;
    expect(record.decode(bytes)).toMatchObject({ kind: 'codec-error', field: 'count' });
  });

  test('ignores reserved bytes when reading and zeroes them when writing', () => {
    const bytes = Buffer.from(hex, 'hex');
    bytes[26] = 0xee;
    const decoded = record.decode(bytes);
    if (isCodecError(decoded)) throw new Error(decoded.message);
    expect(Buffer.from(record.encode(decoded)).toString('hex')).toBe(hex);
  });

  test('does not accept a table whose size is not the one stated', () => {
    expect(() => layout('wrong', { a: u32 }, 8)).toThrow('wrong takes 4 bytes, not 8');
  });

  test('does not accept an array of another length', () => {
    expect(() => record.encode({ ...value, items: [] })).toThrow('0 values for an array of 2');
  });
});
