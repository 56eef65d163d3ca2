import { formatGi } from '../generation-identifiers';
import { EXIT } from '../meta-exit';
import { withMetadata } from './command';

export const getGi = withMetadata('silent', async (context, _area, { superblock }) => {
  context.out(formatGi(superblock, context.invocation.settings.nodeId ?? 0));
  return EXIT.ok;
});
