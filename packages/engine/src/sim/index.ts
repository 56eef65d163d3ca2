export { runSeed, type SeedResult } from './run-seed';
