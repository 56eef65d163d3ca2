/**
 * A descriptor through which one page can be read straight from the disk, to see whether the disk answers.
 *
 * For a block device, the device. For a file, not the file itself: a direct read holds its lock, and writes would
 * wait for the probe. So it is a nameless file of one page in the same directory, gone when it is closed.
 */
import { closeSync, constants, openSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { dirname } from 'node:path';
import { alignedPage } from './aligned-page';

/** open(2); Node does not name it. Linux wants O_DIRECTORY with it. */
const O_TMPFILE = 0o20000000 | constants.O_DIRECTORY;

/** -1 where there is no such thing: a file system without direct I/O or nameless files, a read-only directory. */
export async function openProbeFile(path: string, kind: 'block' | 'file'): Promise<number> {
  try {
    if (kind === 'block') return openSync(path, constants.O_RDONLY | constants.O_DIRECT);
    return await makeNamelessFile(dirname(path));
  } catch {
    return -1;
  }
}

async function makeNamelessFile(directory: string): Promise<number> {
  const flags = O_TMPFILE | constants.O_RDWR | constants.O_DIRECT | constants.O_DSYNC | constants.O_NOATIME;
  const handle = await open(directory, flags, 0o600);
  try {
    await handle.write(alignedPage());
    // The handle would close its descriptor when it is collected: a descriptor of our own is taken instead.
    const mode = constants.O_RDONLY | constants.O_DIRECT | constants.O_NOATIME;
    return openSync(`/proc/self/fd/${handle.fd}`, mode);
  } finally {
    await handle.close();
  }
}

export function closeProbeFile(fd: number): void {
  if (fd !== -1) closeSync(fd);
}
