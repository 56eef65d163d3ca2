/** PATH with our programs as drbdadm, drbdsetup and drbdmeta first: what clients of DRBD are run with. */
import { join } from 'node:path';
import type { TestNode } from '../nodes/support/node';
import { ROOT, succeeds } from '../nodes/support/programs';

export async function makeCompatLinks(): Promise<void> {
  await succeeds(join(ROOT, 'scripts/env'), ['--compat']);
}

/** A client's environment on this node; `first` is a directory of stand-ins that go before everything. */
export function clientEnv({ env }: TestNode, first?: string): NodeJS.ProcessEnv {
  const path = `${ROOT}/.cache/bin-compat:${env['PATH'] ?? ''}`;
  return { ...env, PATH: first === undefined ? path : `${first}:${path}` };
}
