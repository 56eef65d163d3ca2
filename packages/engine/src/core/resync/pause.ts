import type { PeerDevice } from '../peer-device/peer-device';
import { ERR } from '../resource/reply-codes';

/** `pause-sync`, `resume-sync`. Answers with an SS or ERR code. */
export function setPause(peerDevice: PeerDevice, paused: boolean): number {
  if (peerDevice.userIsp === paused) return paused ? ERR.ERR_PAUSE_IS_SET : stillPausedBy(peerDevice);
  return peerDevice.device.resource.states.force(peerDevice, { userIsp: paused });
}

/** Nobody here paused it. Something else may have. */
function stillPausedBy({ aftrIsp, peerIsp }: PeerDevice): number {
  if (aftrIsp) return ERR.ERR_PIC_AFTER_DEP;
  return peerIsp ? ERR.ERR_PIC_PEER_DEP : ERR.ERR_PAUSE_IS_CLEAR;
}
