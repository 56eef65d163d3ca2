import { addressHash } from './crc32c';

/** Vectors of config.md 5.2. */
it.each([
  ['10.1.1.1', 0x654bf56b],
  ['10.1.1.2', 0x761b069f],
  ['10.1.1.31', 0x1de789f0],
  ['10.0.0.1', -132446023],
  ['10.0.0.2', -347342003],
  ['192.168.42.2', 0x7e8dca35],
  ['fd01:2345:6789:abcd::1', 0x43bfd07b],
  ['fd01:2345:6789:abcd::2', 0x50ef238f],
])('the hash of %s', (text, hash) => expect(addressHash(text)).toBe(hash));
