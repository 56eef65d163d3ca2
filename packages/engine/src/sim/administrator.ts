/** What people type in the middle of it all: commands at random, none of which gives data up. */
import {
  detach,
  disconnect,
  invalidate,
  resumeByAdministrator,
  setPause,
  startVerify,
  suspendByAdministrator,
} from '../core';
import { Disk } from '../wire';
import type { SimNode } from './node';
import type { SimRandom } from './random';

const COMMANDS = [
  'detach',
  'attach',
  'disconnect',
  'disconnect --force',
  'connect',
  'pause-sync',
  'resume-sync',
  'suspend-io',
  'resume-io',
  'verify',
  'invalidate',
] as const;

export interface CommandOptions {
  readonly random: SimRandom;
  readonly note: (text: string) => void;
  /** The other node has all data, and will keep it. */
  readonly mayGiveUp: boolean;
}

/** Starts one; what it answers is noted. Returns which, null where the node is down. */
export function typeSomething(
  node: SimNode,
  { random, note, mayGiveUp }: CommandOptions,
): (typeof COMMANDS)[number] | null {
  const { resource, device, connection } = node;
  const peerDevice = device?.peerDevices[0];
  if (resource === null || device === null || connection === null || peerDevice === undefined) return null;
  const command = COMMANDS[random.below(COMMANDS.length)] ?? 'attach';
  const answered = (code: number): void => note(`${node.options.name} ${command}: ${code}`);
  switch (command) {
    case 'detach':
      detach(device, 'graceful', answered);
      break;
    case 'attach':
      if (device.diskState === Disk.Diskless) node.attachDisk(answered);
      break;
    case 'disconnect':
      disconnect(connection, 'graceful', answered);
      break;
    case 'disconnect --force':
      disconnect(connection, 'forced', answered);
      break;
    case 'connect':
      connection.connect();
      break;
    case 'pause-sync':
    case 'resume-sync':
      answered(setPause(peerDevice, command === 'pause-sync'));
      break;
    case 'suspend-io':
      suspendByAdministrator(resource, () => answered(1));
      break;
    case 'resume-io':
      resumeByAdministrator(resource);
      break;
    case 'verify':
      startVerify(peerDevice, {}, answered);
      break;
    case 'invalidate':
      if (mayGiveUp) invalidate(device, answered);
  }
  return command;
}

/** Everything as it was meant to run. */
export function undoCommands({ resource, device }: SimNode): void {
  if (resource === null) return;
  resumeByAdministrator(resource);
  for (const peerDevice of device?.peerDevices ?? []) setPause(peerDevice, false);
}
