export type * from './option';
export * from './option-table';
export { parseNumber } from './number';
export * from './option-value';
