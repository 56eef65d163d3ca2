import { IncomingWrites } from './incoming-writes';

const MIB = 1024 * 1024;

function incoming(maxBuffers: number) {
  const told: string[] = [];
  return {
    writes: new IncomingWrites(
      () => maxBuffers,
      (how) => void told.push(how),
    ),
    told,
  };
}

test('above the limit nothing more is read, until half of it is done', () => {
  const { writes, told } = incoming(2048);
  for (let i = 0; i < 32; i++) writes.entered(MIB);
  expect(told).toEqual([]);
  writes.entered(MIB);
  writes.entered(MIB);
  expect(told).toEqual(['paused']);
  for (let i = 0; i < 17; i++) writes.done(MIB);
  expect(told).toEqual(['paused']);
  writes.done(MIB);
  expect(told).toEqual(['paused', 'on']);
});

test('max-buffers raises the limit', () => {
  const { writes, told } = incoming(32 * 1024);
  for (let i = 0; i < 128; i++) writes.entered(MIB);
  expect(told).toEqual([]);
  writes.entered(1);
  expect(told).toEqual(['paused']);
});

test('a new link is read, and what the old one brought still counts', () => {
  const { writes, told } = incoming(2048);
  for (let i = 0; i < 40; i++) writes.entered(MIB);
  writes.connectionLost();
  writes.entered(4096);
  expect(told).toEqual(['paused', 'paused']);
});
