export { run } from './run';
export { programNames, realSystem, type AdmSystem, type ProgramNames } from './system';
