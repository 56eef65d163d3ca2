export { array, branded, constant, rawBytes, s32, u8, u16, u32, u64, u64Count, zeros } from './field';
export type { Fail, FixedField, ValueField } from './field';
export { isCodecError, layout } from './layout';
export type { CodecError, Layout, LayoutValue } from './layout';
