/** Every command, in the order of the general usage. Source: setup.md 1.4. */
import { checkResize } from './check-resize';
import type { SetupCommand } from './command';
import * as configure from './configure';
import { down } from './down';
import { events2 } from './events2';
import { cstate, dstate, getGi, peerRole, role, showGi, udev } from './one-line-queries';
import { proc } from './proc';
import { show } from './show';
import { status } from './status';
import { waitCommands } from './wait';

export const COMMANDS: readonly SetupCommand[] = [
  configure.primary,
  configure.secondary,
  configure.attach,
  configure.diskOptions,
  configure.detach,
  configure.connect,
  configure.newPeer,
  configure.delPeer,
  configure.newPath,
  configure.delPath,
  configure.netOptions,
  configure.disconnect,
  configure.resize,
  configure.resourceOptions,
  configure.peerDeviceOptions,
  configure.newCurrentUuid,
  configure.invalidate,
  configure.invalidateRemote,
  configure.pauseSync,
  configure.resumeSync,
  configure.suspendIo,
  configure.resumeIo,
  configure.outdate,
  configure.verify,
  down,
  role,
  peerRole,
  cstate,
  dstate,
  showGi,
  getGi,
  show,
  status,
  checkResize,
  events2,
  ...waitCommands,
  configure.newResource,
  configure.newMinor,
  configure.delMinor,
  configure.delResource,
  configure.forgetPeer,
  configure.renameResource,
  udev,
  proc,
];

export function findCommand(name: string | undefined): SetupCommand | undefined {
  return COMMANDS.find((command) => command.name === name);
}
