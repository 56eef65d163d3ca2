/**
 * cram-hmac authentication as messages; the HMAC itself is the transport's (`hmac`). Source: wire.md 4, apv < 110.
 *
 * My response is HMAC(secret, every byte of the peer's challenge); what I expect is HMAC(secret, my challenge).
 */
export const CHALLENGE_BYTES = 64;

/** The peer sent my own challenge back: a reflection attack, fatal. */
export function isReflected(localChallenge: Uint8Array, peerChallenge: Uint8Array): boolean {
  return equalBytes(localChallenge, peerChallenge.subarray(0, CHALLENGE_BYTES));
}

/** Compares without leaving early: the time taken tells nothing about how much of a response was right. */
export function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  let difference = 0;
  for (let i = 0; i < a.length; i++) difference |= (a[i] ?? 0) ^ (b[i] ?? 0);
  return difference === 0;
}
