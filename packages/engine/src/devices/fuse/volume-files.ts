/**
 * The files of the FUSE mount:
 *
 *   `<minor>`          the volume as a file: opening it opens the volume, as an NBD client would
 *   `devices/<minor>`  the block device: a node that is opened on a Secondary goes through it, so that the engine may promote
 *   `<minor>.loop<n>.<token>`  what a loop device is attached to. Its opens do not count: whoever opens the loop device does
 *
 * Invariants:
 * - A request gets exactly one reply, FORGET and DESTROY none.
 * - A revoked loop file answers EIO for good, so that a loop device that outlived its role cannot reach the volume again.
 */
import { VOLUME_TRANSFER_MAX_BYTES, type Errno, type ExportedVolume, type OpenHandle } from '../../export';
import { holdPiece, letGoPiece } from '../../payload';
import type { DeviceVolume } from '../device-volume';
import { encodeDeviceNumber, type DeviceNumber } from '../device-numbers';
import type { FuseChannel } from './fuse-channel';
import {
  decodeFallocate,
  decodeHandle,
  decodeHeader,
  decodeInit,
  decodeName,
  decodeOpenFlags,
  decodeTransfer,
  encodeAttributes,
  encodeDirectory,
  encodeEntry,
  encodeInit,
  encodeOpened,
  encodeStatfs,
  encodeWritten,
  type Attributes,
  type DirectoryEntry,
  type RequestHeader,
} from './messages';
import { openIntent, type OpenIntent } from './open-intent';
import {
  FALLOC_FL_KEEP_SIZE,
  FALLOC_FL_PUNCH_HOLE,
  FALLOC_FL_ZERO_RANGE,
  FUSE_MAJOR,
  FUSE_MINOR,
  INIT_FLAGS,
  IN_HEADER_BYTES,
  MINUS,
  OPCODE,
  OPEN_FLAGS,
  OUT_HEADER_BYTES,
  DEVICES_NODE,
  ROOT_NODE,
  WRITE_HEADER_BYTES,
} from './numbers';

/** Headers and data of the longest request. */
export const REQUEST_MAX_BYTES = VOLUME_TRANSFER_MAX_BYTES + 4096;
const PAGE_BYTES = 4096;
/** As many as a loop device has under way. */
const BACKGROUND_COUNT_MAX = 128;
/** Shorter payloads are copied, so that their buffer is free for the next request. */
const SLAB_PIECE_MAX_BYTES = 32 * 1024;
const SLAB_BYTES = 256 * 1024;
const S_IFDIR = 0o040000;
const S_IFREG = 0o100000;
const S_IFBLK = 0o060000;
const O_ACCMODE = 3;

interface FileNode {
  readonly node: number;
  readonly name: string;
  readonly volume: DeviceVolume;
  readonly kind: 'application' | 'node' | 'loop';
  revoked: boolean;
}

interface NumberedNode {
  readonly node: number;
  readonly deviceNumber: DeviceNumber;
}

interface OpenFile {
  readonly file: FileNode;
  /** Null: a loop device's. */
  readonly handle: OpenHandle | null;
}

export interface LoopFile {
  readonly name: string;
  /** From now on every request fails. */
  revoke(): void;
}

export interface VolumeFilesOptions {
  /** Owner group of the files: `disk`, as udev has it. */
  readonly gid: number;
  /** Somebody opens the block device, or looks at it. Gives its number, or why it cannot be opened. */
  readonly onNodeOpen: (volume: DeviceVolume, intent: OpenIntent) => Promise<DeviceNumber | Errno>;
  readonly intentOf?: (threadId: number) => OpenIntent;
  /** Somebody uses a loop device. */
  readonly onLoopUse: (volume: DeviceVolume) => void;
}

export class VolumeFiles {
  private readonly nodes = new Map<number, FileNode>();
  private readonly byName = new Map<string, FileNode>();
  private readonly open = new Map<number, OpenFile>();
  private nextNode = DEVICES_NODE + 1;
  private nextHandle = 1;
  private loopCount = 0;
  /** Block device inodes by node number: an inode's device number is for life, so that each number is one of its own. */
  private readonly numbered = new Map<number, NumberedNode>();
  private readonly slab = new Slab();

  constructor(
    private readonly channel: FuseChannel,
    private readonly options: VolumeFilesOptions,
  ) {}

  add(volume: DeviceVolume): void {
    this.addFile(volume, 'application', String(volume.minor));
    this.addFile(volume, 'node', deviceFileName(volume));
  }

  /** The volume's files are gone; what was open of them fails. */
  remove(volume: DeviceVolume): void {
    for (const file of [...this.nodes.values()]) if (file.volume === volume) this.drop(file);
  }

  /** `token` tells who made it: the name is all that is left of the mount of an engine that was killed. */
  addLoopFile(volume: DeviceVolume, token: string): LoopFile {
    this.loopCount += 1;
    const file = this.addFile(volume, 'loop', `${volume.minor}.loop${this.loopCount}.${token}`);
    return { name: file.name, revoke: () => this.drop(file) };
  }

  /** The mount is gone: nobody will close what is open. */
  closeAll(): void {
    for (const fileHandle of [...this.open.keys()]) this.release(fileHandle);
  }

  readonly received = (request: Buffer): void => {
    const header = decodeHeader(request);
    const reply = (minusErrno: number, body?: Uint8Array): void =>
      this.channel.reply(header.requestId, minusErrno, body);
    switch (header.opcode) {
      case OPCODE.init:
        return this.init(request, reply);
      case OPCODE.lookup: {
        const path = header.node === DEVICES_NODE ? `${DEVICES}/${decodeName(request)}` : decodeName(request);
        if (path === DEVICES) return reply(0, encodeEntry(directoryAttributes(DEVICES_NODE)));
        const file = this.byName.get(path);
        if (file === undefined) return reply(MINUS.ENOENT);
        if (file.kind === 'node') return this.lookUpNode(file, header, reply);
        return reply(0, encodeEntry(this.attributes(file)));
      }
      case OPCODE.forget:
      case OPCODE.batchForget:
      case OPCODE.destroy:
        return;
      case OPCODE.getattr:
      // A truncation on open means nothing for a device, and the rest is not to be changed.
      // eslint-disable-next-line no-fallthrough
      case OPCODE.setattr: {
        if (header.node === ROOT_NODE || header.node === DEVICES_NODE)
          return reply(0, encodeAttributes(directoryAttributes(header.node)));
        const known = this.numbered.get(header.node);
        if (known !== undefined) return reply(0, encodeAttributes(this.nodeAttributes(known)));
        const file = this.nodes.get(header.node);
        return file === undefined ? reply(MINUS.ENOENT) : reply(0, encodeAttributes(this.attributes(file)));
      }
      case OPCODE.opendir:
        return reply(0, encodeOpened(0, 0));
      case OPCODE.readdir: {
        const { offsetBytes, sizeBytes } = decodeTransfer(request);
        return reply(0, encodeDirectory(this.entries(header.node), offsetBytes, sizeBytes));
      }
      case OPCODE.releasedir:
      case OPCODE.fsyncdir:
        return reply(0);
      case OPCODE.statfs:
        return reply(0, encodeStatfs());
      case OPCODE.open:
        return this.openFile(header, decodeOpenFlags(request), reply);
      case OPCODE.release:
        this.release(decodeHandle(request));
        return reply(0);
      case OPCODE.read:
        return this.read(header, request, reply);
      case OPCODE.write:
        return this.write(request, reply);
      case OPCODE.fsync: {
        const opened = this.usable(decodeHandle(request));
        if (opened === null) return reply(MINUS.EIO);
        return opened.file.volume.flush((error) => reply(minus(error)));
      }
      case OPCODE.fallocate:
        return this.fallocate(request, reply);
      default:
        // Among them FLUSH and INTERRUPT: the kernel then sends no more of them.
        return reply(MINUS.ENOSYS);
    }
  };

  // ---- files ----

  private addFile(volume: DeviceVolume, kind: FileNode['kind'], name: string): FileNode {
    const file: FileNode = { node: this.nextNode++, name, volume, kind, revoked: false };
    this.nodes.set(file.node, file);
    this.byName.set(name, file);
    return file;
  }

  private drop(file: FileNode): void {
    file.revoked = true;
    this.nodes.delete(file.node);
    if (this.byName.get(file.name) === file) this.byName.delete(file.name);
    for (const [fileHandle, opened] of this.open) {
      if (opened.file === file && opened.handle !== null) this.release(fileHandle);
    }
  }

  private attributes({ node, volume }: FileNode): Attributes {
    return { node, mode: S_IFREG | 0o660, sizeBytes: volume.sizeBytes(), gid: this.options.gid, deviceNumber: 0 };
  }

  private nodeAttributes({ node, deviceNumber }: NumberedNode): Attributes {
    const encoded = Number(encodeDeviceNumber(deviceNumber) & 0xffffffffn);
    return { node, mode: S_IFBLK | 0o660, sizeBytes: 0, gid: this.options.gid, deviceNumber: encoded };
  }

  private numberedNode(deviceNumber: DeviceNumber): NumberedNode {
    for (const known of this.numbered.values()) {
      if (known.deviceNumber.major === deviceNumber.major && known.deviceNumber.minor === deviceNumber.minor)
        return known;
    }
    const created = { node: this.nextNode++, deviceNumber };
    this.numbered.set(created.node, created);
    return created;
  }

  /** An open is answered as DRBD answers it, or gets the device. */
  private lookUpNode({ volume }: FileNode, { pid }: RequestHeader, reply: Reply): void {
    const intent = (this.options.intentOf ?? openIntent)(pid);
    void this.options.onNodeOpen(volume, intent).then((result) => {
      if (typeof result !== 'string') return reply(0, encodeEntry(this.nodeAttributes(this.numberedNode(result))));
      // DRBD's answer to reading on a Secondary; behaviour.md 8.5.
      reply(intent === 'read' && result === 'EROFS' ? MINUS.EMEDIUMTYPE : minus(result));
    });
  }

  private entries(directory: number): DirectoryEntry[] {
    const entry = (node: number, name: string, mode: number): DirectoryEntry => ({ node, name, type: mode >> 12 });
    return [
      entry(directory, '.', S_IFDIR),
      entry(ROOT_NODE, '..', S_IFDIR),
      ...(directory === ROOT_NODE ? [entry(DEVICES_NODE, DEVICES, S_IFDIR)] : []),
      ...[...this.nodes.values()]
        .filter(({ kind }) => (kind === 'node') === (directory === DEVICES_NODE))
        .map(({ node, name, kind }) =>
          kind === 'node' ? entry(node, name.slice(DEVICES.length + 1), S_IFBLK) : entry(node, name, S_IFREG),
        ),
    ];
  }

  // ---- requests ----

  private init(request: Buffer, reply: Reply): void {
    const { major, minor, readaheadMax, flags } = decodeInit(request);
    // A kernel with a newer major version asks again with ours; an older minor is older than Linux 5.4.
    if (major !== FUSE_MAJOR || minor < FUSE_MINOR) {
      return reply(major > FUSE_MAJOR ? 0 : MINUS.ENOTSUP, encodeInit({ ...INIT_REPLY, readaheadMax: 0, flags: 0 }));
    }
    reply(0, encodeInit({ ...INIT_REPLY, readaheadMax, flags: flags & INIT_FLAGS }));
  }

  private openFile(header: RequestHeader, flags: number, reply: Reply): void {
    const file = this.nodes.get(header.node);
    if (file === undefined) return reply(MINUS.ENOENT);
    const opened = (handle: OpenHandle | null): void => {
      const fileHandle = this.nextHandle++;
      this.open.set(fileHandle, { file, handle });
      reply(0, encodeOpened(fileHandle, OPEN_FLAGS));
    };
    if (file.kind === 'loop') return opened(null);
    const mode = (flags & O_ACCMODE) === 0 ? 'read-only' : 'read-write';
    file.volume.open(mode, { description: `fuse, process ${header.pid}` }, (result) => {
      if (result.kind === 'opened') return opened(result.handle);
      // DRBD's answer to reading on a Secondary; behaviour.md 8.5.
      reply(mode === 'read-only' && result.errno === 'EROFS' ? MINUS.EMEDIUMTYPE : minus(result.errno));
    });
  }

  private release(fileHandle: number): void {
    const opened = this.open.get(fileHandle);
    if (opened === undefined) return;
    this.open.delete(fileHandle);
    if (opened.handle !== null) opened.file.volume.close(opened.handle);
  }

  private usable(fileHandle: number): OpenFile | null {
    const opened = this.open.get(fileHandle);
    if (opened === undefined || opened.file.revoked) return null;
    if (opened.file.kind === 'loop') {
      // What a Secondary's loop device still asks is not for the core to refuse loudly.
      if (!opened.file.volume.isPrimary) return null;
      this.options.onLoopUse(opened.file.volume);
    }
    return opened;
  }

  private read(header: RequestHeader, request: Buffer, reply: Reply): void {
    const { handle, offsetBytes, sizeBytes } = decodeTransfer(request);
    const opened = this.usable(handle);
    if (opened === null) return reply(MINUS.EIO);
    const { volume } = opened.file;
    const endBytes = Math.min(offsetBytes + sizeBytes, volume.sizeBytes());
    if (endBytes <= offsetBytes) return reply(0);
    const unit = volume.minimumBlockSizeBytes;
    if (offsetBytes % unit === 0 && endBytes % unit === 0) {
      const whole = this.slab.take(OUT_HEADER_BYTES + endBytes - offsetBytes);
      volume.read(offsetBytes, whole.subarray(OUT_HEADER_BYTES), (error) => {
        if (error === null) this.channel.replyInPlace(header.requestId, whole);
        else reply(minus(error));
      });
      return;
    }
    // A file may be read from anywhere, a device in blocks. Up to two blocks more than asked for.
    const startBytes = offsetBytes - (offsetBytes % unit);
    const cover = Buffer.allocUnsafe(Math.ceil((endBytes - startBytes) / unit) * unit);
    readInParts(volume, startBytes, cover, (error) =>
      error === null ? reply(0, cover.subarray(offsetBytes - startBytes, endBytes - startBytes)) : reply(minus(error)),
    );
  }

  private write(request: Buffer, reply: Reply): void {
    const { handle, offsetBytes, sizeBytes } = decodeTransfer(request);
    const opened = this.usable(handle);
    if (opened === null) return reply(MINUS.EIO);
    const { volume } = opened.file;
    const unit = volume.minimumBlockSizeBytes;
    if (offsetBytes % unit !== 0 || sizeBytes % unit !== 0) return reply(MINUS.EINVAL);
    if (offsetBytes + sizeBytes > volume.sizeBytes()) return reply(MINUS.ENOSPC);
    const start = IN_HEADER_BYTES + WRITE_HEADER_BYTES;
    const arrived = request.subarray(start, start + sizeBytes);
    if (arrived.length !== sizeBytes) return reply(MINUS.EINVAL);
    let piece = arrived;
    if (sizeBytes <= SLAB_PIECE_MAX_BYTES) {
      piece = this.slab.take(sizeBytes);
      piece.set(arrived);
    }
    holdPiece(piece);
    volume.write(offsetBytes, [piece], sizeBytes, 'volatile', (error) => {
      letGoPiece(piece);
      if (error === null) reply(0, encodeWritten(sizeBytes));
      else reply(minus(error));
    });
  }

  /** Discards and write-zeroes of a loop device. Source: fallocate(2). */
  private fallocate(request: Buffer, reply: Reply): void {
    const { handle, offsetBytes, lengthBytes, mode } = decodeFallocate(request);
    const opened = this.usable(handle);
    if (opened === null) return reply(MINUS.EIO);
    const { volume } = opened.file;
    const unit = volume.minimumBlockSizeBytes;
    if (offsetBytes % unit !== 0 || lengthBytes % unit !== 0) return reply(MINUS.EINVAL);
    if (offsetBytes + lengthBytes > volume.sizeBytes()) return reply(MINUS.ENOSPC);
    const punches = (mode & FALLOC_FL_PUNCH_HOLE) !== 0;
    const zeroes = (mode & FALLOC_FL_ZERO_RANGE) !== 0;
    const known = FALLOC_FL_KEEP_SIZE | FALLOC_FL_PUNCH_HOLE | FALLOC_FL_ZERO_RANGE;
    if (punches === zeroes || (mode & ~known) !== 0) return reply(MINUS.ENOTSUP);
    // A hole punched in a file reads as zeroes afterwards, which a trimmed range of a volume need not.
    const space = punches ? 'may-become-hole' : 'allocated';
    const step = (at: number): void => {
      const size = Math.min(volume.clearMaxBytes, offsetBytes + lengthBytes - at);
      if (size === 0) return reply(0);
      volume.writeZeroes(at, size, space, 'volatile', (error) =>
        error === null ? step(at + size) : reply(minus(error)),
      );
    };
    step(offsetBytes);
  }
}

/** Of the block device, below the mount point. */
export const deviceFileName = ({ minor }: DeviceVolume): string => `${DEVICES}/${minor}`;

/**
 * A directory of its own: while one thread's open waits there for a promotion, the kernel may keep others from looking up
 * names in it, and attaching the loop device looks one up.
 */
const DEVICES = 'devices';

const directoryAttributes = (node: number): Attributes => ({
  node,
  mode: S_IFDIR | 0o755,
  sizeBytes: 0,
  gid: 0,
  deviceNumber: 0,
});

type Reply = (minusErrno: number, body?: Uint8Array) => void;

const INIT_REPLY = {
  major: FUSE_MAJOR,
  minor: FUSE_MINOR,
  backgroundCountMax: BACKGROUND_COUNT_MAX,
  writeMaxBytes: VOLUME_TRANSFER_MAX_BYTES,
  pageCountMax: VOLUME_TRANSFER_MAX_BYTES / PAGE_BYTES,
} as const;

const minus = (error: Errno | null): number => (error === null ? 0 : MINUS[error]);

/** Buffers that are small, from pieces of a larger one: a buffer of its own costs more than what is done with it. */
class Slab {
  private rest = Buffer.alloc(0);

  take(sizeBytes: number): Buffer {
    if (sizeBytes > SLAB_PIECE_MAX_BYTES) return Buffer.allocUnsafeSlow(sizeBytes);
    if (this.rest.length < sizeBytes) this.rest = Buffer.allocUnsafeSlow(SLAB_BYTES);
    const taken = this.rest.subarray(0, sizeBytes);
    this.rest = this.rest.subarray(sizeBytes);
    return taken;
  }
}

function readInParts(volume: ExportedVolume, startBytes: number, into: Buffer, done: (error: Errno | null) => void) {
  const step = (at: number): void => {
    const part = into.subarray(at, at + VOLUME_TRANSFER_MAX_BYTES);
    if (part.length === 0) return done(null);
    volume.read(startBytes + at, part, (error) => (error === null ? step(at + part.length) : done(error)));
  };
  step(0);
}
