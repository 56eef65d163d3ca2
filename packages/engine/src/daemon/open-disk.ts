/** The devices that an attach names, opened and found to have metadata; or what is wrong with them. Source: setup.md 3. */
import { ERR, type ControlReply, type RequestOf } from '../control';
import { LocalDisk, type AttachFailure, type DiskOptions } from '../core';
import type { Placement } from '../metadata';
import { StorageFailure, openBackingDevice, type BackingDevice } from '../storage';
import { messageOf } from './message-of';
import { reply } from './reply';

type Request = Pick<RequestOf<'attach'>, 'dataDevice' | 'metaDevice' | 'metaIndex'>;

export type OpenedDisk =
  | {
      readonly kind: 'opened';
      readonly disk: LocalDisk;
      /** If nothing comes of it. Awaited before the answer: whoever gets that may try again, or have another program look. */
      release(): Promise<void>;
    }
  | Refused;

type Refused = { readonly kind: 'refused'; readonly reply: ControlReply };

/** `owns`: whether a path is a device of this engine's own. */
export async function openDisk(
  request: Request,
  { sizeSectors, mdFlushes }: Pick<DiskOptions, 'sizeSectors' | 'mdFlushes'>,
  owns: (path: string) => boolean,
): Promise<OpenedDisk> {
  for (const path of [request.dataDevice, request.metaDevice]) {
    if (!owns(path)) continue;
    const number = path === request.dataDevice ? ERR.ERR_OPEN_DISK : ERR.ERR_OPEN_MD_DISK;
    return refused(
      number,
      `${path} is a device of this engine itself: stack on it with another engine (TSDRBD_RUN_DIR)`,
    );
  }
  let data: BackingDevice;
  try {
    data = await openBackingDevice(request.dataDevice);
  } catch (error) {
    return refused(openFailure(error, 'data'), messageOf(error));
  }
  let meta = data;
  if (request.metaIndex !== 'internal') {
    try {
      // In a numbered slot several minors have their metadata on one device. tsdrbdmeta asks this engine about the slots.
      const sharing = typeof request.metaIndex === 'number' ? 'shared' : 'exclusive';
      meta = await openBackingDevice(request.metaDevice, { sharing });
    } catch (error) {
      await closed(data);
      return refused(openFailure(error, 'meta'), messageOf(error));
    }
  }
  const release = async (): Promise<void> => {
    await closed(data);
    if (meta !== data) await closed(meta);
  };
  const disk = await new Promise<LocalDisk | AttachFailure>((resolve) =>
    LocalDisk.open({ data, meta, placement: placementOf(request), sizeSectors, mdFlushes }, resolve),
  );
  if (disk instanceof LocalDisk) return { kind: 'opened', disk, release };
  await release();
  return attachFailure(disk);
}

function placementOf({ metaIndex }: Request): Placement {
  switch (metaIndex) {
    case 'internal':
      return 'internal';
    case 'flexible':
      return 'flex-external';
    default:
      return { index: metaIndex };
  }
}

const closed = (device: BackingDevice): Promise<void> => new Promise((resolve) => device.close(() => resolve()));

const refused = (code: number, ...messages: string[]): Refused => ({
  kind: 'refused',
  reply: reply(code, ...messages),
});

function openFailure(error: unknown, what: 'data' | 'meta'): number {
  if (error instanceof StorageFailure && error.code === 'EBUSY') {
    return what === 'data' ? ERR.ERR_BDCLAIM_DISK : ERR.ERR_BDCLAIM_MD_DISK;
  }
  if (error instanceof StorageFailure && error.code === 'ENOTBLK') {
    return what === 'data' ? ERR.ERR_DISK_NOT_BDEV : ERR.ERR_MD_NOT_BDEV;
  }
  return what === 'data' ? ERR.ERR_OPEN_DISK : ERR.ERR_OPEN_MD_DISK;
}

function attachFailure(failure: AttachFailure): Refused {
  switch (failure.kind) {
    case 'io':
      return refused(ERR.ERR_IO_MD_DISK, 'Error while reading metadata.', failure.error.message);
    case 'no-metadata':
      return failure.why === 'no-magic'
        ? refused(ERR.ERR_MD_INVALID, 'Meta data magic not found. Did you "drbdadm create-md"?', failure.message)
        : refused(ERR.ERR_MD_INVALID, failure.message);
    case 'unclean':
      return refused(ERR.ERR_MD_UNCLEAN, 'Found unclean meta data. Did you "drbdadm apply-al"?');
    case 'too-small':
      return refused(ERR.ERR_MD_DISK_TOO_SMALL, failure.message);
  }
}
