/** A Primary that loses the last good data. Source: behaviour.md 10.3; drbd 9.2.18, story 06 (a diskless Primary loses its peer). */
import { detach } from '../../src/core';
import { Disk } from '../../src/wire';
import { Pair } from './pair';

const count = (pair: Pair, name: 'alice' | 'bob'): number =>
  pair[name].handlers.filter((handler) => handler === 'pri-on-incon-degr').length;
const lose = (pair: Pair): void => {
  pair.network.unplug('with-reset');
  pair.run(200);
};
const loseOwnDisk = (pair: Pair): void => {
  const { alice } = pair;
  alice.code((done) => detach(alice.device, 'graceful', done));
  pair.run(200);
  expect(alice.device.diskState).toBe(Disk.Diskless);
};

test('a diskless Primary that loses its peer calls pri-on-incon-degr', () => {
  const pair = new Pair().upToDate();
  expect(pair.alice.primary()).toBe(1);
  loseOwnDisk(pair);
  expect(count(pair, 'alice')).toBe(0);
  lose(pair);
  expect(count(pair, 'alice')).toBe(1);
  expect(count(pair, 'bob')).toBe(0);
});

test('not with a good disk of its own, and not on a Secondary', () => {
  const pair = new Pair().upToDate();
  expect(pair.alice.primary()).toBe(1);
  lose(pair);
  expect(count(pair, 'alice')).toBe(0);

  const secondaries = new Pair().upToDate();
  loseOwnDisk(secondaries);
  lose(secondaries);
  expect(count(secondaries, 'alice')).toBe(0);
});

test('a diskless Primary finds its peer again, and may lose it again', () => {
  const pair = new Pair().upToDate();
  expect(pair.alice.primary()).toBe(1);
  loseOwnDisk(pair);
  for (let times = 1; times <= 3; times++) {
    lose(pair);
    expect(count(pair, 'alice')).toBe(times);
    pair.network.plug();
    pair.run(10_000);
    expect(pair.nodes.map(({ states }) => states)).toEqual(['1/2 10 0/8', '2/1 10 8/0']);
  }
});
