export { bytesOf, textOf } from './bytes';
export { changedIo, type CliIo, type CliOutput } from './cli-io';
export { processIo } from './process-io';
export * from './model';
export { nodeReader } from './reader/node-reader';
export { memoryReader } from './reader/memory-reader';
export {
  LoadedConfiguration,
  loadConfiguration,
  SEARCHED_FILES,
  type ConfigSource,
  type LoadDependencies,
  type LoadOptions,
  type LoadResult,
} from './load';
export { tokenNumber } from './lexer/token-number';
export { checkResourceName } from './parser/resource-section';
export { resolveResource, type Viewer } from './resolve/resolved-resource';
export { findVolumes, type FoundVolume } from './resolve/lookup';
export { dump, type DumpRequest, type DumpResult } from './dump/dump-command';
export { dumpConfigurationXml, dumpResourceXml } from './dump/dump-xml';
export { dumpConfiguration, dumpResource, type DumpDetail, type DumpOptions } from './dump/dump';
export { findMetadataAreas, type MetadataArea } from './resolve/metadata-area';
export {
  canonicalAddress,
  ownAddressState,
  processSurroundings,
  type ProcessSurroundings,
} from './reader/process-surroundings';
