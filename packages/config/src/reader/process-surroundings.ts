/** The host that this process runs on, as configurations see it. Sources: config.md 0, 5.1. */
import { hostname, networkInterfaces } from 'node:os';
import type { Address, Surroundings } from '../model';
import { MODULE_VERSION } from '../options/module-version';

export interface ProcessSurroundings {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly isTerminal: boolean;
}

export function processSurroundings({ env, isTerminal }: ProcessSurroundings): Surroundings {
  return {
    nodeName: env.__DRBD_NODE__ ?? hostname(),
    moduleVersion: env.DRBD_DRIVER_VERSION_OVERRIDE ?? MODULE_VERSION,
    isTerminal,
    addressState: ownAddressState,
  };
}

/** Node lists the interfaces that are up. All of 127.0.0.0/8 is this host, listed or not. */
export function ownAddressState({ family, address }: Address): 'up' | 'absent' {
  if (family === 'sdp' || family === 'ssocks' || address.startsWith('127.')) return 'up';
  return ownAddresses().has(canonicalAddress(address)) ? 'up' : 'absent';
}

let known: ReadonlySet<string> | null = null;

/** Asked once: a configuration has one answer for all of its addresses, and asking costs as much as parsing a resource. */
function ownAddresses(): ReadonlySet<string> {
  known ??= new Set(
    Object.values(networkInterfaces()).flatMap((list) => list?.map((one) => canonicalAddress(one.address)) ?? []),
  );
  return known;
}

/** Without zone and brackets, and IPv6 in one spelling. */
export function canonicalAddress(address: string): string {
  const bare = address.replace(/%[^\]]*|^\[|\]$/g, '');
  if (!bare.includes(':')) return bare;
  try {
    return new URL(`http://[${bare}]/`).hostname;
  } catch {
    // The grammar lets through what is no address; it is on no interface either.
    return bare;
  }
}
