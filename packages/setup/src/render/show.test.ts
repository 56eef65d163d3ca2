import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { NodeState } from '@tsdrbd/engine/control';
import {
  connectionState,
  deviceState,
  pathState,
  peerDeviceState,
  resourceState,
} from '@tsdrbd/engine/control/testing';
import { renderShow } from './show-text';
import { renderShowJson } from './show-json';

const golden = (name: string): string => readFileSync(join(__dirname, '../../test/golden', name), 'utf8');

const sample: NodeState = {
  resources: [
    resourceState({
      options: {
        'auto-promote': false,
        'peer-ack-window': 8192,
        quorum: 'majority',
        'on-no-quorum': 'io-error',
        'quorum-minimum-redundancy': 2,
      },
      devices: [
        deviceState({
          diskOptions: {
            size: 2097152,
            'on-io-error': 'call-local-io-error',
            'resync-after': 3,
            'al-extents': 6007,
            'disk-timeout': 100,
          },
          deviceOptions: { 'max-bio-size': 4096 },
        }),
        deviceState({
          volume: 1,
          minor: 1,
          diskState: 'Diskless',
          client: 'yes',
          backing: null,
          deviceOptions: { diskless: true, 'block-size': 4096 },
        }),
      ],
      connections: [
        connectionState({
          netOptions: {
            protocol: 'A',
            'ping-int': 1,
            'cram-hmac-alg': 'sha256',
            'shared-secret': 's3"c\\ret',
            'on-congestion': 'pull-ahead',
            'congestion-fill': 2048,
            'verify-alg': 'crc32c',
          },
          paths: [
            pathState(),
            pathState({
              local: { family: 'ipv4', address: '192.168.1.1', port: 7000 },
              peer: { family: 'ipv4', address: '192.168.1.2', port: 7000 },
            }),
          ],
          peerDevices: [
            peerDeviceState({ options: { 'resync-rate': 1024, 'c-fill-target': 2048, 'c-max-rate': 1048576 } }),
            peerDeviceState({ volume: 1, options: { bitmap: false } }),
          ],
        }),
      ],
    }),
  ],
};

test('the sample of version 9.34, to the byte', () => {
  expect(renderShow(sample, { defaults: 'hidden' })).toBe(golden('show-9.34-sample.txt'));
});

test('what a real 9.2.18 shows with defaults is shown so, apart from what 9.34 has added', () => {
  const node: NodeState = {
    resources: [
      resourceState({
        devices: [deviceState({ backing: { dataDevice: '/dev/vda', metaDevice: '/dev/vda', metaIndex: 'internal' } })],
        connections: [
          connectionState({
            netOptions: { 'connect-int': 3, 'ping-int': 3, 'ping-timeout': 20, 'verify-alg': 'crc32c' },
            paths: [
              {
                local: { family: 'ipv4', address: '10.9.0.1', port: 7789 },
                peer: { family: 'ipv4', address: '10.9.0.2', port: 7789 },
                established: true,
              },
            ],
            peerDevices: [peerDeviceState()],
          }),
        ],
      }),
    ],
  };
  const ours = renderShow(node, { defaults: 'shown' }).split('\n');
  const recorded = golden('show-9.2.18-defaults.txt').split('\n');
  const added = new Set([
    'drbd8-api-compatibility',
    'load-balance-paths',
    '_cstate',
    'tls',
    'tls-keyring',
    'tls-privkey',
    'tls-certificate',
    'rdma-ctrl-rcvbuf-size',
    'rdma-ctrl-sndbuf-size',
    'resync-without-replication',
    'peer-tiebreaker',
    'max-bio-size',
    'diskless',
    'block-size',
    'discard-granularity',
  ]);
  // `bitmap` of a disk (16 columns of indent) is new, that of a peer device is not: the first of two goes.
  const firstBitmap = ours.findIndex((line) => line.trim().startsWith('bitmap'));
  const known = ours.filter((line, at) => at !== firstBitmap && !added.has(line.trim().split(/\s/)[0] ?? ''));
  expect(known).toEqual(recorded);
});

test('without a disk, and not meant to be: neither disk nor meta-disk is shown', () => {
  const node = { resources: [resourceState({ devices: [deviceState({ diskState: 'Diskless', backing: null })] })] };
  expect(renderShow(node, { defaults: 'hidden' })).toBe(
    'resource "r0" {\n    _this_host {\n        node-id\t\t\t0;\n        volume 0 {\n            device\t\t\tminor 0;\n        }\n    }\n}\n\n',
  );
});

test('external metadata: alone on its device, or in a slot', () => {
  const backing = { dataDevice: '/dev/a', metaDevice: '/dev/m' };
  const shown = (metaIndex: 'flexible' | number): string =>
    renderShow(
      { resources: [resourceState({ devices: [deviceState({ backing: { ...backing, metaIndex } })] })] },
      { defaults: 'hidden' },
    );
  expect(shown('flexible')).toContain('meta-disk\t\t\t"/dev/m";');
  expect(shown(3)).toContain('meta-disk\t\t\t"/dev/m" [ 3 ];');
});

test('JSON: every option, booleans as such, everything else as text', () => {
  const [shown] = JSON.parse(renderShowJson(sample));
  expect(shown.options).toMatchObject({
    'cpu-mask': '',
    'auto-promote': false,
    'peer-ack-window': '8192s',
    'quorum-minimum-redundancy': '2',
    'drbd8-api-compatibility': false,
  });
  expect(shown._this_host.volumes[0]).toMatchObject({
    volume_nr: 0,
    device_minor: 0,
    'backing-disk': '/dev/vg0/r0',
    'meta-disk': 'internal',
    disk: { size: '2097152s', 'discard-granularity': '4294967295' },
  });
  expect(shown._this_host.volumes[1].disk).toMatchObject({ 'max-bio-size': '1048576', diskless: 'yes' });
  expect(shown.connections[0]).toMatchObject({
    _cstate: 'Connected',
    net: { _name: 'bob', transport: '' },
    _peer_node_id: 1,
  });
  expect(Object.keys(shown.connections[0])).toEqual(['paths', '_cstate', 'net', 'volumes', '_peer_node_id']);
  expect(renderShowJson(sample)).toContain('"disk": "none",\n                    "disk": {\n');
  expect(renderShowJson({ resources: [] })).toBe('[\n]\n');
});
