import fc from 'fast-check';
import { Feature, packetRow, type Packet } from '../../src/wire';

/** Any packet that may be sent at `version` after the handshake, with the features in `featureFlags` agreed. */
export function arbitraryPacket(version: number, featureFlags: number, digestBytes: number): fc.Arbitrary<Packet> {
  const u32 = fc.integer({ min: 0, max: 0xffff_ffff });
  const u16 = fc.integer({ min: 0, max: 0xffff });
  const u8 = fc.integer({ min: 0, max: 255 });
  const u64 = fc.bigInt({ min: 0n, max: 0xffff_ffff_ffff_ffffn });
  const sector = fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER });
  const volume = version >= 100 ? u16 : fc.constant(0);
  const alg = fc.constantFrom('', 'sha1', 'crc32c', 'x'.repeat(63));
  const bytes = (minLength: number, maxLength: number) => fc.uint8Array({ minLength, maxLength });
  const digest = bytes(digestBytes, digestBytes);
  const block = { volume, sector, blockId: u64, sizeBytes: u32 };
  const write = { volume, sector, blockId: u64, seq: u32, flags: u32 };
  const withDigest = <T extends object>(packet: T, value: Uint8Array): T & { digest?: Uint8Array } =>
    digestBytes === 0 ? packet : { ...packet, digest: value };

  const choices: fc.Arbitrary<Packet>[] = [
    fc.record({
      kind: fc.constantFrom('RecvAck', 'WriteAck', 'RsWriteAck', 'Superseded', 'NegAck', 'NegDReply', 'NegRsDReply'),
      ...block,
      seq: u32,
    }) as fc.Arbitrary<Packet>,
    fc.record({
      kind: fc.constantFrom('DataRequest', 'RsDataRequest', 'RsThinReq'),
      ...block,
      pad: u32,
    }) as fc.Arbitrary<Packet>,
    fc
      .tuple(
        fc.record({ kind: fc.constantFrom('Data', 'DataReply', 'RsDataReply'), ...write }),
        fc.integer({ min: 1, max: 16 }),
        u8,
        digest,
      )
      .map(([head, sectors, fill, value]): Packet => {
        const payload = [new Uint8Array(512).fill(fill), new Uint8Array(sectors * 512).fill(fill ^ 255)];
        return withDigest({ ...head, sizeBytes: (sectors + 1) * 512, payload }, value) as Packet;
      }),
    fc
      .tuple(fc.record({ kind: fc.constant('WriteSame'), ...write, sizeBytes: u32 }), digest)
      .map(([head, value]) => withDigest({ ...head, payload: [new Uint8Array(512).fill(7)] }, value) as Packet),
    fc.record({ kind: fc.constantFrom('Trim', 'Zeroes'), ...write, sizeBytes: u32 }) as fc.Arbitrary<Packet>,
    fc.record({
      kind: fc.constantFrom(...(version >= 100 ? ['Protocol', 'ProtocolUpdate'] : ['Protocol'])),
      volume,
      protocol: u32,
      afterSb0Pri: u32,
      afterSb1Pri: u32,
      afterSb2Pri: u32,
      connFlags: u32,
      twoPrimaries: u32,
      integrityAlg: version >= 87 ? alg : fc.constant(''),
    }) as fc.Arbitrary<Packet>,
    fc.record({
      kind: fc.constant(version >= 89 ? 'SyncParam89' : 'SyncParam'),
      volume,
      resyncRateKiBs: u32,
      verifyAlg: version >= 88 ? alg : fc.constant(''),
      csumsAlg: version >= 89 ? alg : fc.constant(''),
      cPlanAheadTenths: version >= 95 ? u32 : fc.constant(0),
      cDelayTargetTenths: version >= 95 ? u32 : fc.constant(0),
      cFillTargetSectors: version >= 95 ? u32 : fc.constant(0),
      cMaxRateKiBs: version >= 95 ? u32 : fc.constant(0),
    }) as fc.Arbitrary<Packet>,
    fc.record({
      kind: fc.constant('Sizes'),
      volume,
      diskSectors: sector,
      userSectors: sector,
      currentSectors: sector,
      maxBioSizeBytes: u32,
      queueOrderType: u16,
      ddsFlags: u16,
      ...((featureFlags & Feature.WSAME) === 0
        ? {}
        : {
            queueLimits: fc.record({
              physicalBlockSizeBytes: u32,
              logicalBlockSizeBytes: u32,
              alignmentOffset: u32,
              ioMinBytes: u32,
              ioOptBytes: u32,
              discardEnabled: u8,
              discardZeroesData: u8,
              writeSameCapable: u8,
              bitmapBlockShift: u8,
            }),
          }),
    }) as fc.Arbitrary<Packet>,
    fc.record({
      kind: fc.constant('Uuids'),
      volume,
      current: u64,
      bitmap: u64,
      history0: u64,
      history1: u64,
      dirtyBits: u64,
      flags: u64,
    }) as fc.Arbitrary<Packet>,
    fc.record({ kind: fc.constant('State'), volume, state: u32 }) as fc.Arbitrary<Packet>,
    fc.record({ kind: fc.constant('SyncUuid'), volume, uuid: u64 }) as fc.Arbitrary<Packet>,
    fc.record({ kind: fc.constant('StateChgReq'), volume, mask: u32, value: u32 }) as fc.Arbitrary<Packet>,
    fc.record({ kind: fc.constant('StateChgReply'), volume, retcode: fc.integer() }) as fc.Arbitrary<Packet>,
    fc.record({ kind: fc.constantFrom('Ping', 'PingAck', 'UnplugRemote'), volume }) as fc.Arbitrary<Packet>,
    fc.record({ kind: fc.constant('AuthChallenge'), volume, bytes: bytes(64, 128) }) as fc.Arbitrary<Packet>,
    fc.record({ kind: fc.constant('AuthResponse'), volume, bytes: bytes(0, 64) }) as fc.Arbitrary<Packet>,
    fc.record({ kind: fc.constant('Barrier'), volume, barrier: u32 }) as fc.Arbitrary<Packet>,
    fc.record({ kind: fc.constant('BarrierAck'), volume, barrier: u32, setSize: u32 }) as fc.Arbitrary<Packet>,
    fc.record({ kind: fc.constant('Bitmap'), volume, bytes: bytes(0, 4080) }) as fc.Arbitrary<Packet>,
    fc.record({ kind: fc.constant('RsDeallocated'), volume, sector, sizeBytes: u32 }) as fc.Arbitrary<Packet>,
    fc.record({ kind: fc.constant('DelayProbe'), volume, seq: u32, offset: u32 }) as fc.Arbitrary<Packet>,
  ];
  if (version >= 89) {
    choices.push(
      fc.record({
        kind: fc.constantFrom('OvReply', 'CsumRsRequest'),
        ...block,
        digest: bytes(0, 64),
        pad: u32,
      }) as fc.Arbitrary<Packet>,
      fc.record({ kind: fc.constant('OvRequest'), ...block, pad: u32 }) as fc.Arbitrary<Packet>,
      fc.record({ kind: fc.constantFrom('OvResult', 'RsIsInSync'), ...block, seq: u32 }) as fc.Arbitrary<Packet>,
    );
  }
  if (version >= 90) {
    choices.push(
      fc.record({ kind: fc.constant('CompressedBitmap'), volume, bytes: bytes(2, 4080) }) as fc.Arbitrary<Packet>,
    );
  }
  if (version >= 96) {
    choices.push(
      fc.record({ kind: fc.constant('RsCancel'), ...block, seq: u32 }) as fc.Arbitrary<Packet>,
      fc.record({ kind: fc.constant('OutOfSync'), volume, sector, sizeBytes: u32 }) as fc.Arbitrary<Packet>,
    );
  }
  if (version >= 100) {
    choices.push(
      fc.record({ kind: fc.constant('RetryWrite'), ...block, seq: u32 }) as fc.Arbitrary<Packet>,
      fc.record({ kind: fc.constant('ConnStChgReq'), volume, mask: u32, value: u32 }) as fc.Arbitrary<Packet>,
      fc.record({ kind: fc.constant('ConnStChgReply'), volume, retcode: fc.integer() }) as fc.Arbitrary<Packet>,
    );
  }
  return fc.oneof(...choices).filter(({ kind }) => isAgreed(kind, featureFlags));
}

function isAgreed(kind: Packet['kind'], featureFlags: number): boolean {
  const { feature } = packetRow(kind);
  return feature === 0 || (featureFlags & feature) !== 0;
}
