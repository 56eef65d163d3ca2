export { run } from './run';
export { realSystem, type MetaSystem } from './system';
export { MetaExit } from './meta-exit';
