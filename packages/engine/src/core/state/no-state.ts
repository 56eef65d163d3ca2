/** All fields zero: the ground on which the value of a state request is built. */
export const NO_STATE = {
  role: 0,
  peer: 0,
  conn: 0,
  disk: 0,
  pdsk: 0,
  susp: false,
  aftrIsp: false,
  peerIsp: false,
  userIsp: false,
  suspNod: false,
  suspFen: false,
} as const;
