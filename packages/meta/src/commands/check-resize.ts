import { EXIT } from '../meta-exit';
import { moveMetadata } from '../move-metadata';
import { withArea, type Command } from './command';

/** Source: metadata.md 7.5. */
export const checkResize: Command = (context) =>
  withArea(context, async (area) => {
    const finding = area.find();
    switch (finding.kind) {
      case 'in-place':
        area.rememberPlace(finding.superblock);
        return EXIT.ok;
      case 'at-last-known-place':
        return moveMetadata(context, area, finding);
      case 'none': {
        const isInternal = area.placement === 'internal' && area.format !== 'v07';
        context.err(
          isInternal ? 'no suitable meta data found :(' : 'Operation only supported for >= v8 internal meta data',
        );
        return EXIT.failed;
      }
    }
  });
