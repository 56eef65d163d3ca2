/** Resources that run with the same address. They are told of, and do no harm to a plan. Source: transcripts of adjust. */
import { formatSetupAddress, isLoopback, type Address } from '@tsdrbd/config';
import type { RunningResource } from './running-state';

/**
 * One message per address, at the second resource that has it. The original counts the lines of `drbdsetup show`, but
 * names the configuration's file; `fileName` is that one. Loopback addresses may be used again.
 */
export function addressConflicts(resources: readonly RunningResource[], fileName: string): readonly string[] {
  const uses = new Map<string, { readonly resource: string; readonly line: number }>();
  const told = new Set<string>();
  const messages: string[] = [];
  for (const { name, connections } of resources) {
    for (const { local, peer, lines } of connections.flatMap(({ paths }) => paths)) {
      use(local, lines.local);
      use(peer, lines.peer);
    }

    function use(address: Address, line: number): void {
      if (isLoopback(address)) return;
      const key = formatSetupAddress(address);
      const first = uses.get(key);
      if (first === undefined) {
        uses.set(key, { resource: name, line });
      } else if (first.resource !== name && !told.has(key)) {
        told.add(key);
        messages.push(
          `${fileName}:${line}: in resource ${name}\n` +
            `    ${key} is also used ${fileName}:${first.line} (resource ${first.resource})`,
        );
      }
    }
  }
  return messages;
}
