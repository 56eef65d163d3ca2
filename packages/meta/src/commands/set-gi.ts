import { changeGi, formatGi } from '../generation-identifiers';
import { EXIT, MetaExit } from '../meta-exit';
import { withMetadata } from './command';

/** Source: metadata.md 9.5. */
export const setGi = withMetadata('silent', async (context, area, { superblock }) => {
  const [text] = context.invocation.words;
  if (text === undefined) throw new MetaExit(EXIT.badValue, 'Required Argument missing');
  const nodeId = context.invocation.settings.nodeId ?? 0;
  const changed = changeGi(superblock, nodeId, text);
  context.out(`previously ${formatGi(superblock, nodeId)}`);
  context.out(`set GI to  ${changed.line}`);
  if ((await context.ask('Write new GI to disk?')) === 'no') {
    context.out('Operation canceled.');
    // Not a failure, unlike every other question that is declined (metadata.md T22).
    return EXIT.ok;
  }
  if (area.writeSuperblock(changed.superblock) === 'written') return EXIT.ok;
  context.err('operation failed');
  return EXIT.declined;
});
