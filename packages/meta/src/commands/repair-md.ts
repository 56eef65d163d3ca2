import { dayZeroNodes } from '../day-zero';
import { hex64 } from '../hex';
import { EXIT } from '../meta-exit';
import { moveMetadata } from '../move-metadata';
import { withArea, type Command } from './command';

/** Makes all day-0 records name the same generation, after moving metadata left behind by a resize. Source: metadata.md 9.7. */
export const repairMd: Command = (context) =>
  withArea(context, async (area) => {
    const finding = area.find();
    if (finding.kind === 'at-last-known-place') return moveMetadata(context, area, finding);
    if (finding.kind === 'none') {
      context.err('No valid meta data found');
      return EXIT.failed;
    }
    const { superblock } = finding;
    if (superblock.kind !== 'v09') return EXIT.ok;
    const nodes = dayZeroNodes(superblock);
    const expected = superblock.peers[nodes.at(-1) ?? 0]?.bitmapUuid ?? 0n;
    const wrong = nodes.filter((node) => superblock.peers[node]?.bitmapUuid !== expected);
    for (const node of wrong) {
      const found = superblock.peers[node]?.bitmapUuid ?? 0n;
      context.err(`Peer slot ${node} has "day0" UUID 0x${hex64(found)}, expected 0x${hex64(expected)}`);
    }
    if (wrong.length === 0) return EXIT.ok;
    if (context.invocation.settings.dryRun) return EXIT.failed;
    context.err('Repairing metadata');
    const peers = superblock.peers.map((peer, node) =>
      wrong.includes(node) ? { ...peer, bitmapUuid: expected } : peer,
    );
    return area.writeSuperblock({ ...superblock, peers }) === 'written' ? EXIT.ok : EXIT.declined;
  });
