export { processIo, type CliIo, type CliOutput } from './cli-io';
export * from './model';
