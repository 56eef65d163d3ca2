import { findMetadataAreas, loadConfiguration, memoryReader } from '..';

const text = `
resource r0 {
  volume 0 { device minor 10; disk /dev/a; }
  volume 1 { device minor 11; disk /dev/b; meta-disk /dev/md[3]; }
  volume 2 { device minor 12; disk /dev/c; flexible-meta-disk /dev/md2; }
  on alice { node-id 0; address 10.0.0.1:1; }
  on bob { node-id 1; address 10.0.0.2:1; }
  on carol { node-id 2; address 10.0.0.3:1; volume 0 { disk none; } volume 1 { disk none; } volume 2 { disk none; } }
  on dave { node-id 3; address 10.0.0.4:1; }
  connection-mesh { hosts alice bob carol dave; }
}`;

function areas(nodeName: string, name: string) {
  const loaded = loadConfiguration(
    { source: { kind: 'stdin', text } },
    {
      reader: memoryReader({}),
      surroundings: { nodeName, moduleVersion: undefined, isTerminal: false, addressState: () => 'up' },
    },
  );
  if (loaded.kind === 'refused') throw new Error('the configuration is valid');
  return findMetadataAreas(loaded.config.resolveAll(), name);
}

it('says where the metadata of each volume lies', () => {
  expect(areas('alice', 'r0').map(({ minor, device, index }) => [minor, device, index])).toEqual([
    [10, '/dev/a', 'internal'],
    [11, '/dev/md', '3'],
    [12, '/dev/md2', 'flex-external'],
  ]);
});

it('counts the peers that have a disk', () => {
  expect(areas('alice', 'r0/1').map(({ peerCount }) => peerCount)).toEqual([2]);
});

it('names the peers, and which of them have a disk for the volume', () => {
  expect(areas('alice', 'r0/1')).toMatchObject([{ peerNodeIds: ['1', '2', '3'], diskfulPeerNodeIds: ['1', '3'] }]);
});

it('has nothing for volumes without a disk', () => {
  expect(areas('carol', 'r0')).toEqual([]);
});
