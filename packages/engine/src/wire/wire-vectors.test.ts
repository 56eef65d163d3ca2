import { comparable, decodeAll, encodeAll } from '../../test/wire/framing';
import { decodeFirstPacket, encodeFirstPacket, formatState, negotiate, packState, unpackState } from './index';
import type { FeaturesPacket, Packet, SocketKind } from './index';

const hex = (text: string): string => text.replace(/ /g, '');
const volume = 0;
const zeroes = (count: number): string => '00'.repeat(count);
const features: FeaturesPacket = {
  kind: 'ConnectionFeatures',
  volume,
  protocolMin: 86,
  featureFlags: 15,
  protocolMax: 101,
  senderNodeId: 0,
  receiverNodeId: 0,
};

/** The worked hex dump of wire.md 12.1: line, socket, bytes, packet. */
const lines: readonly (readonly [number, SocketKind, string, Packet])[] = [
  [3, 'data', `83740267 fffe 0048 00000056 0000000f 00000065 00000000 ${zeroes(56)}`, features],
  [
    4,
    'data',
    `8620ec20 0000 000b 00000019 00000000 00000003 ${zeroes(20)} 00`,
    {
      kind: 'Protocol',
      volume,
      protocol: 3,
      afterSb0Pri: 0,
      afterSb1Pri: 0,
      afterSb2Pri: 0,
      connFlags: 0,
      twoPrimaries: 0,
      integrityAlg: '',
    },
  ],
  [
    5,
    'data',
    `8620ec20 0000 0023 00000094 00000000 000000fa ${zeroes(128)} 00000014 0000000a 00000064 00019000`,
    {
      kind: 'SyncParam89',
      volume,
      resyncRateKiBs: 250,
      verifyAlg: '',
      csumsAlg: '',
      cPlanAheadTenths: 20,
      cDelayTargetTenths: 10,
      cFillTargetSectors: 100,
      cMaxRateKiBs: 102400,
    },
  ],
  [
    6,
    'data',
    `8620ec20 0000 000d 00000038 00000000 0000000000200000 0000000000000000 0000000000200000 00100000 0000 0000
     00000200 00000200 00000000 00000200 00000000 00 00 00 00`.replace(/\n/g, ''),
    {
      kind: 'Sizes',
      volume,
      diskSectors: 0x200000,
      userSectors: 0,
      currentSectors: 0x200000,
      maxBioSizeBytes: 1048576,
      queueOrderType: 0,
      ddsFlags: 0,
      queueLimits: {
        physicalBlockSizeBytes: 512,
        logicalBlockSizeBytes: 512,
        alignmentOffset: 0,
        ioMinBytes: 512,
        ioOptBytes: 0,
        discardEnabled: 0,
        discardZeroesData: 0,
        writeSameCapable: 0,
        bitmapBlockShift: 0,
      },
    },
  ],
  [
    7,
    'data',
    `8620ec20 0000 000c 00000030 00000000 5a1e7c3d90f2b484 0000000000000000 31c5e0a7d2b9f018 ${zeroes(24)}`,
    {
      kind: 'Uuids',
      volume,
      current: 0x5a1e7c3d90f2b484n,
      bitmap: 0n,
      history0: 0x31c5e0a7d2b9f018n,
      history1: 0n,
      dirtyBits: 0n,
      flags: 0n,
    },
  ],
  [8, 'data', '8620ec20 0000 000e 00000004 00000000 0000d082', { kind: 'State', volume, state: 0xd082 }],
  [
    10,
    'data',
    '8620ec20 0000 0012 00000008 00000000 00000003 00000001',
    { kind: 'StateChgReq', volume, mask: 3, value: 1 },
  ],
  [11, 'meta', '8620ec20 0000 001d 00000004 00000000 00000001', { kind: 'StateChgReply', volume, retcode: 1 }],
  [
    13,
    'data',
    `8620ec20 0000 0000 00001018 00000000 0000000000000800 0042a1e09988ffff 00000001 00000102 ${'ab'.repeat(4096)}`,
    {
      kind: 'Data',
      volume,
      sector: 2048,
      blockId: 0x0042a1e09988ffffn,
      seq: 1,
      flags: 0x102,
      sizeBytes: 4096,
      payload: [new Uint8Array(4096).fill(0xab)],
    },
  ],
  [
    14,
    'meta',
    '8620ec20 0000 0016 00000018 00000000 0000000000000800 0042a1e09988ffff 00001000 00000001',
    { kind: 'WriteAck', volume, sector: 2048, blockId: 0x0042a1e09988ffffn, sizeBytes: 4096, seq: 1 },
  ],
  [
    15,
    'data',
    '8620ec20 0000 0003 00000008 00000000 39300000 00000000',
    { kind: 'Barrier', volume, barrier: 0x39300000 },
  ],
  [
    16,
    'meta',
    '8620ec20 0000 001c 00000008 00000000 39300000 00000001',
    { kind: 'BarrierAck', volume, barrier: 0x39300000, setSize: 1 },
  ],
  [17, 'meta', '8620ec20 0000 0013 00000000 00000000', { kind: 'Ping', volume }],
  [18, 'meta', '8620ec20 0000 0014 00000000 00000000', { kind: 'PingAck', volume }],
];

describe('the worked dump of wire.md 12.1', () => {
  test.each(lines)('line %i on the %s socket is read and written', (_, socket, bytes, packet) => {
    const speaking = { version: packet.kind === 'ConnectionFeatures' ? 0 : 101, featureFlags: 15 };
    const { packets, error } = decodeAll([Buffer.from(hex(bytes), 'hex')], socket, speaking);
    expect(error).toBeNull();
    expect(packets.map(comparable)).toEqual([comparable(packet)]);
    expect(Buffer.from(encodeAll([packet], socket, speaking)).toString('hex')).toBe(hex(bytes));
  });

  test('first packets tell the socket', () => {
    expect(Buffer.from(encodeFirstPacket('meta')).toString('hex')).toBe('83740267fff10000');
    expect(Buffer.from(encodeFirstPacket('data')).toString('hex')).toBe('83740267fff20000');
    expect(decodeFirstPacket(encodeFirstPacket('meta'))).toBe('meta');
    expect(decodeFirstPacket(encodeFirstPacket('data'))).toBe('data');
    expect(decodeFirstPacket(Buffer.from('83740267fff30000', 'hex'))).toMatchObject({ kind: 'ProtocolError' });
    expect(decodeFirstPacket(Buffer.from('GET / HT'))).toMatchObject({ kind: 'ProtocolError' });
  });
});

describe('P_STATE', () => {
  test.each([
    [0xd082, 'Secondary/Unknown WFConnection UpToDate/DUnknown'],
    [0xce82, 'Secondary/Unknown WFConnection Consistent/DUnknown'],
    [0x110aa, 'Secondary/Secondary Connected UpToDate/UpToDate'],
    [0x110a9, 'Primary/Secondary Connected UpToDate/UpToDate'],
    [0x90da, 'Secondary/Secondary WFBitMapS UpToDate/Inconsistent'],
    [0x108ea, 'Secondary/Secondary WFBitMapT Inconsistent/UpToDate'],
    [0x910a, 'Secondary/Secondary SyncSource UpToDate/Inconsistent'],
    [0x1091a | (1 << 20), 'Secondary/Secondary SyncTarget Inconsistent/UpToDate userIsp'],
  ])('0x%s means %s', (state, text) => {
    expect(formatState(state)).toBe(text);
    expect(packState(unpackState(state))).toBe(state);
  });
});

describe('the feature handshake', () => {
  test('agrees on the lower maximum and the common features', () => {
    const drbd9 = { ...features, protocolMax: 124, featureFlags: 0x3f7 };
    expect(negotiate(features, drbd9)).toEqual({ version: 101, featureFlags: 7 });
  });

  test('reads a maximum of 0 as the minimum', () => {
    expect(negotiate(features, { ...features, protocolMin: 88, protocolMax: 0 })).toMatchObject({ version: 88 });
  });

  test.each([
    [110, 124],
    [70, 85],
  ])('fails with a peer that speaks %i to %i', (protocolMin, protocolMax) => {
    expect(negotiate(features, { ...features, protocolMin, protocolMax })).toMatchObject({ kind: 'Incompatible' });
  });
});
