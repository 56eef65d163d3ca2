export type {
  BooleanType,
  EnumType,
  FlagType,
  MinorReferenceType,
  NumberOrWordType,
  NumberType,
  NumberUnit,
  OptionGroup,
  OptionRow,
  OptionType,
  SetupCommand,
  StringType,
  UnitNote,
} from './option';
export {
  deviceOptions,
  diskOptions,
  findOption,
  handlerOptions,
  netOptions,
  optionTable,
  optionsOfCommand,
  peerDeviceOptions,
  proxyOptions,
  resourceOptions,
  startupOptions,
} from './option-table';
export { parseNumber } from './number';
export {
  defaultValue,
  parseOptionValue,
  type OptionValue,
  type ParsedValue,
  type RefusedValue,
  type ValueSource,
} from './option-value';
