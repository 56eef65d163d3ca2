import { loadConfiguration, memoryReader, findVolumes, type LoadedConfiguration, type Surroundings } from '..';

function surroundings(nodeName: string): Surroundings {
  return { nodeName, moduleVersion: undefined, isTerminal: false, addressState: () => 'up' };
}

function load(text: string, nodeName = 'alice'): LoadedConfiguration {
  const loaded = loadConfiguration(
    { source: { kind: 'stdin', text } },
    { reader: memoryReader({}), surroundings: surroundings(nodeName) },
  );
  if (loaded.kind === 'refused') throw new Error(loaded.diagnostics.map(({ text: said }) => said).join('\n'));
  expect(loaded.config.diagnostics).toEqual([]);
  return loaded.config;
}

const TWO_NODES = `
common { net { protocol C; timeout 60; } disk { on-io-error detach; c-max-rate 100M; } }
resource r0 {
  net { timeout 50; }
  options { quorum off; }
  handlers { split-brain "/bin/true"; }
  volume 0 { device minor 10; disk /dev/a; }
  volume 1 { device /dev/drbd11; disk /dev/b; meta-disk /dev/md[3]; disk { resync-after other; } }
  on alice { node-id 0; address 10.0.0.1:7000; }
  on bob { node-id 1; address 10.0.0.2:7000; volume 1 { disk none; } }
}
resource other {
  device minor 20; disk /dev/c; meta-disk /dev/md2;
  on alice { address 10.0.0.1:7001; }
  on bob { address 10.0.0.2:7001; }
}
resource elsewhere {
  device minor 30; disk /dev/d;
  on carol { address 10.0.0.3:7001; }
  on dave { address 10.0.0.4:7001; }
}
`;

describe('a resource of two nodes', () => {
  const config = load(TWO_NODES);
  const [r0, other] = config.resolveAll();

  it('is left out on hosts that have no part in it', () => {
    expect(config.resolveAll().map(({ name }) => name)).toEqual(['r0', 'other']);
  });

  it('has its volumes with what they inherit, the nearest level last', () => {
    expect(r0?.volumes).toEqual([
      {
        number: 0,
        minor: 10,
        deviceName: '/dev/drbd10',
        isImplicit: false,
        backing: { disk: '/dev/a', metaDisk: { kind: 'internal' } },
        diskOptions: [{ name: 'on-io-error', value: 'detach' }],
        deviceOptions: [],
      },
      {
        number: 1,
        minor: 11,
        deviceName: '/dev/drbd11',
        isImplicit: false,
        backing: { disk: '/dev/b', metaDisk: { kind: 'indexed', device: '/dev/md', index: '3' } },
        diskOptions: [
          { name: 'resync-after', value: '20' },
          { name: 'on-io-error', value: 'detach' },
        ],
        deviceOptions: [],
      },
    ]);
  });

  it('has one connection, made for its two hosts', () => {
    expect(r0?.connections).toMatchObject([
      {
        peerNodeId: '1',
        peerHostNames: ['bob'],
        name: 'bob',
        netOptions: [
          { name: '_name', value: 'bob' },
          { name: 'timeout', value: '50' },
          { name: 'protocol', value: 'C' },
        ],
        paths: [
          {
            local: { family: 'ipv4', address: '10.0.0.1', port: '7000' },
            peer: { family: 'ipv4', address: '10.0.0.2', port: '7000' },
          },
        ],
        peerDevices: [
          { volumeNumber: 0, peerHasDisk: true, options: [{ name: 'c-max-rate', value: '100M' }] },
          {
            volumeNumber: 1,
            peerHasDisk: false,
            options: [
              { name: 'c-max-rate', value: '100M' },
              { name: 'bitmap', value: 'no' },
            ],
          },
        ],
      },
    ]);
  });

  it('gets node ids from its addresses where none are written', () => {
    // config.md 5.2: of 10.0.0.1 and 10.0.0.2 the first has the greater hash.
    expect(other?.nodeId).toBe('0');
    expect(other?.connections[0]?.peerNodeId).toBe('1');
  });

  it('looks the other way round from the other node', () => {
    const view = load(TWO_NODES, 'BOB.example.com').resolveAll()[0];
    expect(view?.nodeId).toBe('1');
    expect(view?.volumes[1]?.backing).toBeNull();
    expect(view?.connections[0]?.paths[0]?.peer.address).toBe('10.0.0.1');
  });

  it('keeps handlers by name', () => {
    expect(r0?.handlers.get('split-brain')).toBe('/bin/true');
  });
});

describe('findVolumes', () => {
  const views = load(TWO_NODES).resolveAll();
  const minors = (name: string) => findVolumes(views, name).map(({ volume }) => volume.minor);

  it.each([
    ['r0', [10, 11]],
    ['r0/1', [11]],
    ['r0/7', []],
    ['minor-20', [20]],
    ['/dev/drbd10', [10]],
    ['drbd11', [11]],
    ['nosuch', []],
    ['elsewhere', []],
  ])('%s', (name, expected) => expect(minors(name)).toEqual(expected));
});

it('reports an option that two outer sections set differently, once it expands', () => {
  const config = load(`
resource r0 {
  net { timeout 50; }
  volume 0 { device minor 1; disk /dev/a; }
  on alice { node-id 0; address 10.0.0.1:1; }
  on bob { node-id 1; address 10.0.0.2:1; }
  connection-mesh { hosts alice bob; net { timeout 51; } }
}`);
  expect(config.exitCode).toBe(0);
  config.expand();
  expect(config.exitCode).toBe(10);
  expect(config.diagnostics.map(({ text }) => text)).toEqual([
    'STDIN:2: in resource r0, ambiguous inheritance for option "timeout".\n' +
      'should be "51" and "50" at the same time.',
  ]);
});

it('connects through the own proxy, and to the outside address of the peer', () => {
  const view = load(`
resource r0 {
  device minor 1; disk /dev/a;
  on alice { node-id 0; address 10.0.0.1:1; }
  on bob { node-id 1; address 10.0.0.2:1; }
  connection {
    path {
      host alice address 10.0.0.1:2 via proxy on alice { inside 127.0.0.1:3; outside 192.168.0.1:3; }
      host bob address 10.0.0.2:2 via proxy on bob { inside 127.0.0.1:3; outside 192.168.0.2:3; }
    }
    path { host alice address 10.1.0.1:4; host bob address 10.1.0.2:4 via outside-address 198.51.100.1:5; }
  }
}`).resolveAll()[0];
  expect(view?.connections[0]?.paths).toMatchObject([
    { local: address('10.0.0.1', '2'), peer: address('127.0.0.1', '3') },
    { local: address('10.1.0.1', '4'), peer: address('198.51.100.1', '5') },
  ]);
});

function address(host: string, port: string) {
  return { family: 'ipv4', address: host, port };
}
