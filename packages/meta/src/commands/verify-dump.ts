import { readDump } from '../restore-md/dump-input';
import { DumpParser } from '../restore-md/parser';
import { EXIT } from '../meta-exit';
import type { Command } from './command';

/** Reads a dump as restore-md does, without a device. Source: metadata.md 8.7. */
export const verifyDump: Command = async (context) => {
  const { format, placement } = context.invocation;
  const parser = new DumpParser(await readDump(context));
  const { maxPeers } = parser.head(format);
  parser.identity(format);
  const { effectiveSizeSectors } = parser.geometry(format);
  // Without the device there is no room for data that lies before the metadata.
  const isInternal = placement === 'internal' || placement === 'fixed-internal';
  if (isInternal && effectiveSizeSectors > 0) {
    context.out(`# la-size-sect was too big (${effectiveSizeSectors}), truncated (0)!`);
  }
  parser.bitmaps(format, maxPeers);
  context.out('input file parsed ok');
  return EXIT.ok;
};
