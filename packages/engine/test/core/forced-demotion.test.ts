/** `secondary --force`, and the end of an engine: what is held is given up. Source: behaviour.md 5.13. */
import { demote } from '../../src/core';
import { suspendByAdministrator } from '../../src/core/fencing/suspension';
import { Role } from '../../src/wire';
import { Pair } from './pair';

test('a write that suspend-io holds fails, and the role goes', () => {
  const pair = new Pair().upToDate();
  const { alice } = pair;
  expect(alice.primary()).toBe(1);
  suspendByAdministrator(alice.resource, () => undefined);
  const write = alice.write(0, 1);
  pair.run(5000);
  expect(write.error).toBeUndefined();
  let code = 0;
  demote(alice.resource, 'forced', (result) => (code = result));
  pair.run(100);
  expect(write.error).toBe('ESHUTDOWN');
  expect({ code, role: alice.resource.role }).toEqual({ code: 1, role: Role.Secondary });
});
