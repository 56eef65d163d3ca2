import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { encodeStream, recordedLinks } from './index';

const vectors = join(__dirname, '..', 'vectors');
const stories = readdirSync(join(vectors, 'drbd-8.4.11-stories')).sort();
const captures = [
  'drbd-8.4.11-pair.pcap.gz',
  'drbd-9.2.18-with-8.4.11.pcap.gz',
  ...stories.map((story) => join('drbd-8.4.11-stories', story)),
];

describe('recorded wire traffic', () => {
  test.each(captures)('%s decodes, and encodes again to the same bytes', (capture) => {
    const links = recordedLinks(join(vectors, capture));
    expect(links.length).toBeGreaterThan(0);
    for (const link of links) {
      expect(link.errors).toEqual([]);
      for (const stream of link.streams) {
        const encoded = encodeStream(stream, link.agreement);
        // A capture may end within a packet; every whole packet has to be there.
        const recorded = stream.bytes.subarray(0, encoded.length);
        if (!encoded.equals(recorded)) {
          const at = encoded.findIndex((byte, i) => byte !== recorded[i]);
          throw new Error(`${stream.from} ${stream.socket}: first difference at byte ${at} of ${encoded.length}`);
        }
        expect(stream.bytes.length - encoded.length).toBe(0);
      }
    }
  });
});
