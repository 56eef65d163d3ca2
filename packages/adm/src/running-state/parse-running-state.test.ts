import { parseRunningState } from './parse-running-state';

const TEXT = `resource "r 0" {
    options { quorum majority; } # from the file
    _this_host {
        node-id 0;
        volume 0 { device minor 10; disk "/dev/vg/r0"; meta-disk internal; disk { on-io-error detach; } }
        volume 1 { device minor 11; disk none; }
        volume 2 { device minor 12; disk "/dev/vg/r2"; meta-disk "/dev/vg/md" [ 3 ]; }
    }
    connection {
        _peer_node_id 1;
        path { _this_host ipv4 10.0.0.1:7000; _remote_host ipv4 10.0.0.2:7001; }
        path { _this_host ipv6 [fd00::1]:7000; _remote_host ipv6 [fd00::2]:7000; }
        _cstate Connected;
        net { shared-secret "it is;secret"; _unknown verify-alg; allow-two-primaries; }
        volume 0 { disk { c-max-rate 102400k; } }
    }
    connection { _peer_node_id 2; }
}
`;

test('a resource with everything is read', () => {
  expect(parseRunningState(TEXT, 'show')).toMatchObject([
    {
      name: 'r 0',
      options: { settings: [{ name: 'quorum', value: 'majority' }] },
      volumes: [
        { number: 0, minor: 10, disk: '/dev/vg/r0', metaDisk: { kind: 'internal' } },
        { number: 1, minor: 11, disk: null },
        { number: 2, minor: 12, disk: '/dev/vg/r2', metaDisk: { kind: 'indexed', device: '/dev/vg/md', index: '3' } },
      ],
      connections: [
        {
          peerNodeId: '1',
          state: 'Connected',
          paths: [
            {
              local: { family: 'ipv4', address: '10.0.0.1', port: '7000' },
              peer: { family: 'ipv4', address: '10.0.0.2', port: '7001' },
            },
            {
              local: { family: 'ipv6', address: 'fd00::1', port: '7000' },
              peer: { family: 'ipv6', address: 'fd00::2', port: '7000' },
            },
          ],
          options: {
            settings: [
              { name: 'shared-secret', value: 'it is;secret' },
              { name: 'allow-two-primaries', value: 'yes' },
            ],
            unknown: new Set(['verify-alg']),
          },
          peerDevices: [{ volumeNumber: 0, options: { settings: [{ name: 'c-max-rate', value: '102400k' }] } }],
        },
        { peerNodeId: '2', state: 'StandAlone', paths: [], peerDevices: [] },
      ],
    },
  ]);
});

test('what is no resource ends the text quietly', () => {
  expect(parseRunningState('resource r0 { }\nelse { }', 'show')).toHaveLength(1);
  expect(parseRunningState('', 'show')).toEqual([]);
});

test('an error inside a resource tells the line', () => {
  expect(() => parseRunningState('resource r0 {\n connection {\n  net { foo-bar 5; }', 'drbdsetup show')).toThrow(
    "drbdsetup show:3: Parse error: 'an option keyword' expected,\n\tbut got 'foo-bar'",
  );
});

test.each([...TEXT].flatMap((_, length) => (length % 7 === 0 ? [length] : [])))(
  'a text cut at %d is read or refused, never more',
  (length) => {
    try {
      parseRunningState(TEXT.slice(0, length), 'show');
    } catch (error) {
      expect(error).toHaveProperty('exitCode', 10);
    }
  },
);
