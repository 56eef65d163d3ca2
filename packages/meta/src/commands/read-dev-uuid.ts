import { hex64 } from '../hex';
import { EXIT } from '../meta-exit';
import { withMetadata } from './command';

export const readDevUuid = withMetadata('silent', async (context, _area, { superblock }) => {
  context.out(hex64(superblock.kind === 'v07' ? 0n : superblock.deviceUuid));
  return EXIT.ok;
});
