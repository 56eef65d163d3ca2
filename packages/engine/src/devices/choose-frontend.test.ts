import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { chooseFrontend, probeHost, type HostProbe } from './choose-frontend';

const ALL = new Set(['nbd-client', 'mount', 'umount', 'losetup']);
const able: HostProbe = { isRoot: true, hasNbdDriver: true, hasFuse: true, hasLoop: true, tools: ALL };

test.each<[string, Partial<HostProbe>, ReturnType<typeof chooseFrontend>]>([
  ['nbd where its driver is loaded', {}, { kind: 'nbd' }],
  ['FUSE and loop where it is not', { hasNbdDriver: false }, { kind: 'fuse' }],
  ['FUSE and loop where nbd-client is missing', { tools: new Set(['mount', 'umount', 'losetup']) }, { kind: 'fuse' }],
  ['nothing without root', { isRoot: false }, { kind: 'none', reason: 'nbd: needs root; fuse: needs root' }],
  [
    'nothing without FUSE',
    { hasNbdDriver: false, hasFuse: false },
    { kind: 'none', reason: 'nbd: the kernel has no nbd driver loaded (modprobe nbd); fuse: no /dev/fuse' },
  ],
  [
    'nothing without losetup',
    { hasNbdDriver: false, tools: new Set(['mount', 'umount']) },
    {
      kind: 'none',
      reason: 'nbd: the kernel has no nbd driver loaded (modprobe nbd); fuse: not installed: losetup',
    },
  ],
])('auto: %s', (_what, lacking, choice) => {
  expect(chooseFrontend('auto', { ...able, ...lacking })).toEqual(choice);
});

test('what was asked for is not replaced by something else', () => {
  expect(chooseFrontend('nbd', { ...able, hasNbdDriver: false })).toEqual({
    kind: 'none',
    reason: 'nbd: the kernel has no nbd driver loaded (modprobe nbd)',
  });
  expect(chooseFrontend('fuse', able)).toEqual({ kind: 'fuse' });
  expect(chooseFrontend('fuse', { ...able, hasLoop: false })).toEqual({
    kind: 'none',
    reason: 'fuse: no /dev/loop-control',
  });
  expect(chooseFrontend('none', able)).toEqual({ kind: 'none', reason: null });
});

test('the probe reads the host and changes nothing', () => {
  const root = mkdtempSync(join(tmpdir(), 'probe-'));
  try {
    expect(probeHost(root, 0)).toEqual({
      isRoot: true,
      hasNbdDriver: false,
      hasFuse: false,
      hasLoop: false,
      tools: new Set(),
    });
    for (const path of ['sys/block/nbd0/dev', 'dev/fuse', 'dev/loop-control', 'usr/sbin/losetup']) {
      mkdirSync(join(root, dirname(path)), { recursive: true });
      writeFileSync(join(root, path), '', { mode: 0o755 });
    }
    expect(probeHost(root, 1000)).toEqual({
      isRoot: false,
      hasNbdDriver: true,
      hasFuse: true,
      hasLoop: true,
      tools: new Set(['losetup']),
    });
  } finally {
    rmSync(root, { recursive: true });
  }
});
