export { lentCopy } from './lent-copy';
export { hold, holderCount, holdPiece, letGo, letGoPiece, shareMemory, takeMemory } from './payload-memory';
