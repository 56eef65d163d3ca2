/** The activity log as comment lines, for `-v` ten times. Source: metadata.md 8.5. */
import {
  AL_MAGIC,
  alTransactionBlockOffset,
  contextAssignments,
  decodeAlTransaction,
  decodeOldAlSector,
  isMetadataError,
  isPmemActivityLog,
  MD_BLOCK_BYTES,
  pmemSlots,
  type AnySuperblock,
} from '@tsdrbd/engine/metadata';

export function formatActivityLog(superblock: AnySuperblock, log: Uint8Array): string {
  return `# al {\n${formatBlocks(superblock, log)}# }\n`;
}

function formatBlocks(superblock: AnySuperblock, log: Uint8Array): string {
  if (isPmemActivityLog(log)) return formatPmem(superblock, log);
  return isNewFormat(superblock, log) ? formatTransactions(superblock, log) : formatOldSectors(log);
}

function isNewFormat(superblock: AnySuperblock, log: Uint8Array): boolean {
  if (superblock.kind === 'v07') return false;
  if (superblock.kind === 'v09' || superblock.state === 'in-use') return true;
  const view = new DataView(log.buffer, log.byteOffset, log.byteLength);
  const hasMagic = view.getUint32(0) === AL_MAGIC || view.getUint32(MD_BLOCK_BYTES) === AL_MAGIC;
  return hasMagic || superblock.alStripes !== 1 || superblock.alStripeSize4k !== 8;
}

const hex = (value: number, digits: number): string => `0x${value.toString(16).padStart(digits, '0')}`;
const entry = (index: number, slot: number, extent: number): string =>
  `# \t${String(index).padStart(2)}: ${String(slot).padStart(10)} ${String(extent).padStart(10)}\n`;

function formatTransactions(superblock: AnySuperblock, log: Uint8Array): string {
  let text = '';
  let slotMax = -1;
  const blockCount = superblock.alStripes * superblock.alStripeSize4k;
  for (let number = 0; number < blockCount; number++) {
    const head = `#     block ${String(number).padStart(2)} {`;
    const offset = alTransactionBlockOffset(number, 1, blockCount);
    const block = decodeAlTransaction(log.subarray(offset, offset + MD_BLOCK_BYTES));
    if (isMetadataError(block)) {
      text += `${head} INVALID }\n`;
      continue;
    }
    if (block.kind === 'initialised') {
      text += `${head} INITIALIZED }\n`;
      continue;
    }
    text += `${head}\n# \tmagic: ${hex(AL_MAGIC, 8)}\n# \ttype: 0x0000\n`;
    text += `# \ttr: ${String(block.transactionNumber).padStart(10)}\n# \tactive set size: ${block.contextSize}\n`;
    for (const { slot, extent } of contextAssignments(block)) {
      text += entry(slot - block.context.slot, slot, extent);
      slotMax = Math.max(slotMax, slot);
    }
    text += `# \tupdates: ${block.updateCount}\n`;
    block.updates.forEach(({ slot, extent }, i) => {
      text += entry(i, slot, extent);
      slotMax = Math.max(slotMax, slot);
    });
    text += `# \tcrc32c: ${hex(block.crc, 8)}\n#     }\n`;
  }
  if (slotMax >= superblock.alNrExtents) {
    text += `### CAUTION: maximum slot number found in AL: ${slotMax}\n`;
    text += `### CAUTION: but 'super-block' al-extents is: ${superblock.alNrExtents}\n`;
  }
  return text;
}

const OLD_SECTORS = 64;
const OLD_SECTOR_BYTES = 512;

/** What is not valid is shown all the same. */
function formatOldSectors(log: Uint8Array): string {
  let text = '';
  for (let number = 0; number < OLD_SECTORS; number++) {
    const sector = log.subarray(number * OLD_SECTOR_BYTES, (number + 1) * OLD_SECTOR_BYTES);
    const validity = decodeOldAlSector(sector)?.validity ?? 'invalid';
    const view = new DataView(sector.buffer, sector.byteOffset, sector.byteLength);
    text += `#     sector ${String(number).padStart(2)} { ${validity}\n# \tmagic: ${hex(view.getUint32(0), 8)}\n`;
    text += `# \ttr: ${String(view.getUint32(4)).padStart(10)}\n`;
    for (let i = 0; i < 62; i++) text += entry(i, view.getUint32(8 + 8 * i), view.getUint32(12 + 8 * i));
    text += `# \txor: ${hex(view.getUint32(504), 8)}\n#     }\n`;
  }
  return text;
}

function formatPmem(superblock: AnySuperblock, log: Uint8Array): string {
  return pmemSlots(log, superblock.alNrExtents)
    .map((extent, slot) => `# slot[${slot}]: ${extent === 0xffffffff ? 'FREE' : extent}\n`)
    .join('');
}
