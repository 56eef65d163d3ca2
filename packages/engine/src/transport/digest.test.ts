import { join } from 'node:path';
import { recordedLinks } from '../../test/pcap';
import { digest, digestSizeBytes, hmac } from './index';

const challenge = (from: number): Uint8Array => Uint8Array.from({ length: 64 }, (_, i) => from + i);
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

describe('authentication', () => {
  test.each([
    ['sha1', 0x40, '52769f8d760de24e82093d2b1bb3897cff63208e'],
    ['sha1', 0x00, 'afe9485a34cf04a78c4f0101a2a08974b912de08'],
    ['sha256', 0x40, 'ff48b35912f083d0a732b7213442342cb0f226a35dd2818c23d5ce67106074d8'],
    ['sha256', 0x00, '5f5d485f2228776ad7710aa47d15a4d61744dbb9a2a3e5647f5a1bbfcf8015e1'],
  ])('%s over the challenge that begins with %i gives the response of wire.md 12.2', (algorithm, from, response) => {
    expect(hex(hmac(algorithm, 'secret', challenge(from)))).toBe(response);
  });
});

describe('digests', () => {
  test('go over the pieces as if they were one', () => {
    const pieces = [Buffer.from('1234'), Buffer.from('56789')];
    expect(hex(digest('crc32c', pieces))).toBe('839206e3');
    expect(hex(digest('sha1', pieces))).toBe(hex(digest('sha1', [Buffer.from('123456789')])));
  });

  test('of an unknown algorithm have no size', () => {
    expect(digestSizeBytes('rot13')).toBeNull();
    expect(digestSizeBytes('constructor')).toBeNull();
  });

  test('are those that DRBD 8.4 put in front of its data (sha1) and into its checksum requests (crc32c)', () => {
    const links = recordedLinks(join(__dirname, '../../test/vectors/drbd-8.4.11-stories/25-integrity-csums.pcap.gz'));
    let compared = 0;
    for (const { packet } of links.flatMap((link) => link.packets)) {
      if (packet.kind !== 'Data' && packet.kind !== 'RsDataReply') continue;
      expect(hex(packet.digest ?? new Uint8Array())).toBe(hex(digest('sha1', packet.payload)));
      compared++;
    }
    expect(compared).toBeGreaterThan(10);
  });
});
