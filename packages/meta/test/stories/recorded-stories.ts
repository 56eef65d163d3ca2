/** The recorded stories of drbdmeta 9.34, see ../golden/README.md. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import type { Story } from './story';

export const STORIES: readonly Story[] = gunzipSync(
  readFileSync(join(__dirname, '../golden/drbdmeta-9.34-stories.jsonl.gz')),
)
  .toString('utf8')
  .split('\n')
  .map((line) => JSON.parse(line) as Story);
