import { firstDialled } from './first-dialled';

const at = (localHost: string, localPort: number, peerHost: string, peerPort: number) =>
  firstDialled({
    localHost,
    localPort,
    peerHost,
    peerPort,
    connectIntMs: 0,
    pingTimeoutMs: 0,
    sockCheckTimeoutMs: 0,
    sndbufSizeBytes: 0,
    rcvbufSizeBytes: 0,
  });

test.each([
  ['127.0.0.2', 7789, '127.0.0.1', 7789],
  ['10.9.0.200', 7789, '10.9.0.30', 7789],
  ['10.0.0.1', 7790, '10.0.0.2', 7789],
  ['fd00::2', 7789, 'fd00::1', 7789],
  ['fd00:1::', 7789, 'fd00::ffff', 7789],
  ['fe80::2%eth0', 7789, 'fe80::1%eth0', 7789],
  ['::ffff:10.0.0.9', 7789, '::ffff:10.0.0.8', 7789],
])(
  'the node at %s:%i dials the data socket first, its peer at %s:%i the meta socket',
  (high, highPort, low, lowPort) => {
    expect(at(high, highPort, low, lowPort)).toBe('data');
    expect(at(low, lowPort, high, highPort)).toBe('meta');
  },
);
