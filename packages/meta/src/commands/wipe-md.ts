import { EXIT } from '../meta-exit';
import { withArea, type Command } from './command';

/** Destroys the superblock alone; activity log and bitmap stay. Source: metadata.md 9.6. */
export const wipeMd: Command = (context) =>
  withArea(context, async (area) => {
    if (area.find().kind !== 'in-place') {
      context.err('There appears to be no drbd meta data to wipe out?');
      return EXIT.ok;
    }
    if ((await context.ask('Do you really want to wipe out the DRBD meta data?')) === 'no') {
      context.out('Operation cancelled.');
      return EXIT.declined;
    }
    context.out('Wiping meta data...');
    area.wipeSuperblock('meta_wipe_md', area.superblockOffset);
    area.forgetPlace();
    context.out('DRBD meta data block successfully wiped out.');
    return EXIT.ok;
  });
