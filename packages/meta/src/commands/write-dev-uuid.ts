import { EXIT, MetaExit } from '../meta-exit';
import { withArea, type Command } from './command';

/** Text that is no number counts as 0 (metadata.md 9.6). */
export const writeDevUuid: Command = (context) =>
  withArea(context, async (area) => {
    const finding = area.find();
    const [word] = context.invocation.words;
    if (word === undefined) throw new MetaExit(EXIT.badValue, 'Required Argument missing');
    if (finding.kind !== 'in-place') return EXIT.failed;
    const { superblock } = finding;
    if (superblock.kind === 'v07') return EXIT.ok;
    const digits = /^(?:0x)?([0-9a-f]+)/i.exec(word)?.[1];
    const deviceUuid = digits === undefined ? 0n : BigInt.asUintN(64, BigInt(`0x${digits}`));
    if (area.writeSuperblock({ ...superblock, deviceUuid }) === 'written') return EXIT.ok;
    context.err('update failed');
    return EXIT.declined;
  });
