export {
  formatEndpoint,
  formatSetupAddress,
  isLoopback,
  sameAddress,
  type Address,
  type AddressFamily,
} from './address';
export { defaultGlobalSettings, isIgnored, isStacked, type Configuration, type GlobalSettings } from './configuration';
export type { ConnectionSection, EndpointSection, MeshSection, PathSection, PeerDeviceSection } from './connection';
export {
  ConfigError,
  EXIT_CANNOT_OPEN,
  EXIT_INVALID,
  EXIT_OK,
  EXIT_USAGE,
  type Diagnostic,
  type Severity,
} from './diagnostic';
export { HostSection, type HostKind, type ProxyOptions, type ProxySection } from './host';
export { isSameHost } from './host-name';
export type { OptionSections } from './option-sections';
export { settingOf, type OptionList, type OptionSetting } from './option-list';
export { NOWHERE, type Position } from './position';
export type { ConfigReader, ReadResult } from './reader';
export type {
  ResolvedBacking,
  ResolvedConnection,
  ResolvedHost,
  ResolvedOption,
  ResolvedPath,
  ResolvedPeerDevice,
  ResolvedProxy,
  ResolvedResource,
  ResolvedVolume,
} from './resolved';
export { ResourceSection, type ImpliedConnections } from './resource';
export { trimmed } from './trimmed';
export type { Surroundings } from './surroundings';
export { findVolume, hasDisk, metaDiskKey, sortVolumes, type MetaDisk, type VolumeSection } from './volume';
