/** The tsdrbdmeta command lines for a volume. Source: adm.md 2.1, 3.3. */
import type { ResolvedBacking, ResolvedResource, ResolvedVolume } from '@tsdrbd/config';
import type { OptionListName } from '../commands/option-lists';
import type { Command } from './command';
import { passedOn } from './emitted-options';
import { metaDiskWords, type BackendOptions } from './setup-commands';

export type MetaCommandName =
  | 'repair-md'
  | 'apply-al'
  | 'create-md'
  | 'dump-md'
  | 'dump-superblock'
  | 'wipe-md'
  | 'invalidate'
  | 'outdate'
  | 'dstate'
  | 'show-gi'
  | 'get-gi'
  | 'set-gi'
  | 'forget-peer'
  | 'check-resize'
  | 'read-dev-uuid'
  | 'write-dev-uuid';

/** Which options of the command line each one takes. */
const OPTIONS: Readonly<Record<MetaCommandName, OptionListName>> = {
  'repair-md': 'repair-md',
  'apply-al': 'meta',
  'create-md': 'create-md',
  'dump-md': 'meta',
  'dump-superblock': 'dump-superblock',
  'wipe-md': 'meta',
  invalidate: 'force',
  outdate: 'none',
  dstate: 'meta',
  'show-gi': 'meta',
  'get-gi': 'meta',
  'set-gi': 'none',
  'forget-peer': 'meta',
  'check-resize': 'none',
  'read-dev-uuid': 'none',
  'write-dev-uuid': 'none',
};

export interface MetaCommandParts {
  readonly peerNodeId?: string;
  /** Words behind the command, before its options. */
  readonly words?: readonly string[];
  readonly backend?: BackendOptions;
}

export function metaCommand(
  name: MetaCommandName,
  resource: ResolvedResource,
  volume: ResolvedVolume,
  backing: ResolvedBacking,
  { peerNodeId, words = [], backend = [] }: MetaCommandParts = {},
): Command {
  const nodeId = peerNodeId === undefined ? [] : [`--node-id=${peerNodeId}`];
  return {
    program: 'meta',
    argv: [
      `${volume.minor}`,
      'v09',
      ...metaDiskWords(backing, 'flex-external'),
      ...nodeId,
      name,
      ...words,
      ...passedOn(backend, OPTIONS[name]),
    ],
    timeLimit: 'long',
    resource: resource.name,
    why: WHY[name],
  };
}

const WHY: Readonly<Record<MetaCommandName, string>> = {
  'repair-md': 'move or repair the metadata if the disk was resized',
  'apply-al': 'mark what was being written at a crash',
  'create-md': 'make the metadata',
  'dump-md': 'show the metadata',
  'dump-superblock': 'show the superblock',
  'wipe-md': 'remove the metadata',
  invalidate: 'mark the disk inconsistent',
  outdate: 'mark the disk outdated',
  dstate: 'the disk state of a detached disk',
  'show-gi': 'the generation identifiers of a detached disk',
  'get-gi': 'the generation identifiers of a detached disk',
  'set-gi': 'set the generation identifiers',
  'forget-peer': 'free the bitmap slot of a peer',
  'check-resize': 'move the metadata if the disk was resized',
  'read-dev-uuid': 'does the device have a name?',
  'write-dev-uuid': 'give the device a name',
};

export function needsDiskMessage(commandName: string): string {
  return `The ${commandName} command requires a local disk, but the configuration gives none.`;
}
