/** Requests that DRBD refuses, with its number and its text. Source: setup.md 2.1 to 2.4; the real backend and core. */
import { mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { ERR, NO_ERROR, SS, type ControlReply, type ControlRequest, type EndpointAddress } from '../control';
import { TcpTransport } from '../transport';
import { Backend } from './backend';
import { createNodeHost } from './node-host';

const endpoint = (address: string, port: number): EndpointAddress => ({ family: 'ipv4', address, port });
const ALICE = endpoint('127.91.7.1', 7701);
const BOB = endpoint('127.91.7.2', 7701);
const OK = { code: NO_ERROR, messages: [] };

let directory = '';
let backend: Backend;
beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'tsdrbd-checks-'));
  const log = pino({ level: 'silent' });
  const host = createNodeHost({
    log,
    handlers: {
      program: 'disabled',
      environment: {},
      describe: () => ({}),
      told: () => undefined,
      warn: () => undefined,
    },
  });
  const exporter = {
    publish: async () => undefined,
    withdraw: async () => undefined,
    changed: () => undefined,
    settled: async () => undefined,
    owns: () => false,
    demotion: null,
  };
  backend = new Backend({ host, transport: new TcpTransport({ random: Math.random }), exporter, log });
  for (const request of CONFIGURED) expect(await backend.execute(request)).toEqual(OK);
});
afterEach(async () => {
  await backend.shutdown();
  rmSync(directory, { recursive: true, force: true });
});

const CONFIGURED: readonly ControlRequest[] = [
  { command: 'new-resource', resource: 'r0', nodeId: 0 },
  { command: 'new-minor', resource: 'r0', minor: 7, volume: 0 },
  { command: 'new-peer', resource: 'r0', peerNodeId: 1, options: { _name: 'bob' } },
  { command: 'new-path', resource: 'r0', peerNodeId: 1, local: ALICE, peer: BOB },
  { command: 'new-resource', resource: 'r1', nodeId: 0 },
  { command: 'new-peer', resource: 'r1', peerNodeId: 1, options: { _name: 'bob' } },
];

const invalid = (text: string): ControlReply => ({ code: ERR.ERR_INVALID_REQUEST, messages: [text] });
const refused = (code: number, ...messages: string[]): ControlReply => ({ code, messages });
const BAD_NAME = invalid('invalid name (disallowed: ascii control, space, slash)');
const NAME_TAKEN = 'Cannot rename to r1: a resource with that name already exists\n';
const peer = { resource: 'r0', peerNodeId: 1 };
const minor = 7;

test.each<readonly [ControlRequest, ControlReply]>([
  // 2.1
  [{ command: 'outdate', minor: 9 }, refused(ERR.ERR_MINOR_INVALID, 'unknown minor')],
  [{ command: 'primary', resource: 'r9' }, refused(ERR.ERR_RES_NOT_KNOWN, 'unknown resource')],
  [{ command: 'new-minor', resource: 'r9', minor: 9, volume: 0 }, refused(ERR.ERR_RES_NOT_KNOWN, 'unknown resource')],
  [{ command: 'connect', resource: 'r0', peerNodeId: -1 }, invalid('peer node id missing')],
  [{ command: 'connect', resource: 'r0', peerNodeId: 32 }, invalid('peer node id out of range')],
  [{ command: 'connect', resource: 'r0', peerNodeId: 0 }, invalid('peer node id cannot be my own node id')],
  [{ command: 'connect', resource: 'r0', peerNodeId: 2 }, invalid('unknown connection')],
  [{ command: 'pause-sync', ...peer, volume: 1 }, invalid('unknown volume')],
  // 2.2
  [{ command: 'new-resource', resource: 'r0', nodeId: 5 }, OK],
  [{ command: 'new-resource', resource: 'a b', nodeId: 0 }, BAD_NAME],
  [{ command: 'new-resource', resource: 'a/b', nodeId: 0 }, BAD_NAME],
  [{ command: 'new-resource', resource: 'all', nodeId: 0 }, BAD_NAME],
  [{ command: 'new-resource', resource: 'r2', nodeId: 32 }, invalid('node id out of range')],
  [{ command: 'rename-resource', resource: 'r0', newName: 'r1' }, refused(ERR.ERR_ALREADY_EXISTS, NAME_TAKEN)],
  [{ command: 'del-resource', resource: 'r0' }, refused(ERR.ERR_NET_CONFIGURED)],
  [{ command: 'new-minor', resource: 'r0', minor: 1048576, volume: 1 }, invalid('requested minor out of range')],
  [{ command: 'new-minor', resource: 'r0', minor: 8, volume: 65535 }, invalid('requested volume id out of range')],
  [{ command: 'new-minor', resource: 'r0', minor: 8, volume: 0 }, refused(ERR.ERR_MINOR_OR_VOLUME_EXISTS)],
  [{ command: 'new-minor', resource: 'r1', minor, volume: 0 }, refused(ERR.ERR_MINOR_OR_VOLUME_EXISTS)],
  [
    { command: 'new-minor', resource: 'r1', minor: 8, volume: 0, options: { 'block-size': 513 } },
    invalid('block_size not 512, 1024, 2048, or 4096'),
  ],
  [
    { command: 'new-minor', resource: 'r1', minor: 8, volume: 0, options: { 'discard-granularity': 1000 } },
    invalid('discard_granularity must be 0 or a multiple of block_size'),
  ],
  // 2.3
  [attach({ metaIndex: -4 }), refused(ERR.ERR_MD_IDX_INVALID)],
  [attach({ options: { 'resync-after': -2 } }), refused(ERR.ERR_RESYNC_AFTER)],
  [attach({ options: { 'resync-after': minor } }), refused(ERR.ERR_RESYNC_AFTER_CYCLE)],
  [attach({ metaIndex: 'flexible' }), refused(ERR.ERR_MD_IDX_INVALID)],
  [attach({ metaDevice: '/elsewhere' }), refused(ERR.ERR_MD_IDX_INVALID)],
  [{ command: 'detach', minor }, refused(2)],
  [{ command: 'invalidate', minor }, refused(ERR.ERR_NO_DISK)],
  [{ command: 'invalidate-remote', ...peer, volume: 0 }, refused(ERR.ERR_NO_DISK)],
  [{ command: 'verify', ...peer, volume: 0 }, refused(ERR.ERR_NO_DISK)],
  [{ command: 'new-current-uuid', minor }, refused(ERR.ERR_NO_DISK)],
  [{ command: 'resize', minor }, refused(ERR.ERR_NO_DISK)],
  [{ command: 'outdate', minor }, refused(SS.SS_IS_DISKLESS)],
  [{ command: 'primary', resource: 'r0' }, refused(SS.SS_NO_UP_TO_DATE_DISK)],
  // 2.4
  [{ command: 'new-peer', ...peer, options: { _name: 'b' } }, invalid('Connection for peer node id 1 already exists')],
  [{ command: 'new-peer', resource: 'r0', peerNodeId: 2 }, refused(ERR.ERR_MANDATORY_TAG, 'name missing')],
  [{ command: 'new-peer', resource: 'r0', peerNodeId: 2, options: { _name: 'b/b' } }, BAD_NAME],
  [
    { command: 'new-peer', resource: 'r0', peerNodeId: 2, options: { _name: 'bob' } },
    refused(ERR.ERR_ALREADY_EXISTS, 'name already exists'),
  ],
  [newPeer({ transport: 'rdma' }), refused(ERR.ERR_CREATE_TRANSPORT)],
  [newPeer({ 'allow-two-primaries': true, protocol: 'A' }), refused(ERR.ERR_NOT_PROTO_C)],
  [newPeer({ fencing: 'resource-and-stonith', protocol: 'A' }), refused(ERR.ERR_STONITH_AND_PROT_A)],
  [newPeer({ 'on-congestion': 'pull-ahead', protocol: 'C' }), refused(ERR.ERR_CONG_NOT_PROTO_A)],
  [newPeer({ 'cram-hmac-alg': 'rot13' }), refused(ERR.ERR_AUTH_ALG)],
  [newPeer({ 'data-integrity-alg': 'rot13' }), refused(ERR.ERR_INTEGRITY_ALG)],
  [newPeer({ 'csums-alg': 'rot13' }), refused(ERR.ERR_CSUMS_ALG)],
  [newPeer({ 'verify-alg': 'rot13' }), refused(ERR.ERR_VERIFY_ALG)],
  [{ command: 'new-path', ...peer, local: ALICE, peer: BOB }, refused(ERR.ERR_LOCAL_AND_PEER_ADDR)],
  [newPathOfR1(ALICE, BOB), refused(ERR.ERR_LOCAL_AND_PEER_ADDR)],
  [newPathOfR1(ALICE, endpoint(BOB.address, 7702)), refused(ERR.ERR_LOCAL_ADDR)],
  [newPathOfR1(endpoint(ALICE.address, 7702), BOB), refused(ERR.ERR_PEER_ADDR)],
  [{ command: 'new-path', ...peer, local: ALICE, peer: endpoint(BOB.address, 7702) }, OK],
  [{ command: 'del-path', ...peer, local: BOB, peer: ALICE }, invalid('no such path')],
  [{ command: 'connect', resource: 'r1', peerNodeId: 1 }, invalid('connection endpoint(s) missing')],
  [{ command: 'disconnect', ...peer }, OK],
  [{ command: 'forget-peer', ...peer }, refused(ERR.ERR_NET_CONFIGURED)],
  [{ command: 'forget-peer', resource: 'r0', peerNodeId: 32 }, refused(ERR.ERR_INVALID_PEER_NODE_ID)],
  [{ command: 'resume-sync', ...peer, volume: 0 }, refused(ERR.ERR_PAUSE_IS_CLEAR)],
])('%j', async (request, reply) => {
  expect(await backend.execute(request)).toEqual(reply);
});

function attach(changes: {
  metaIndex?: number | 'flexible';
  metaDevice?: string;
  options?: Record<string, number>;
}): ControlRequest {
  return {
    command: 'attach',
    minor,
    dataDevice: '/nowhere',
    metaDevice: '/nowhere',
    metaIndex: 'internal',
    ...changes,
  };
}

function newPeer(options: Record<string, string | boolean>): ControlRequest {
  return { command: 'new-peer', resource: 'r0', peerNodeId: 2, options: { _name: 'charlie', ...options } };
}

function newPathOfR1(local: EndpointAddress, to: EndpointAddress): ControlRequest {
  return { command: 'new-path', resource: 'r1', peerNodeId: 1, local, peer: to };
}

test('a connection that is being made is not connected again, and keeps its last path', async () => {
  expect(await backend.execute({ command: 'connect', ...peer })).toEqual(OK);
  expect(await backend.execute({ command: 'connect', ...peer })).toEqual(refused(ERR.ERR_NET_CONFIGURED));
  expect(await backend.execute({ command: 'del-path', ...peer, local: ALICE, peer: BOB })).toEqual(
    invalid('Can not delete last path, use disconnect first!'),
  );
  const pause: ControlRequest = { command: 'pause-sync', ...peer, volume: 0 };
  expect((await backend.execute(pause)).code).toBeLessThan(102);
  expect(await backend.execute(pause)).toEqual(refused(ERR.ERR_PAUSE_IS_SET));
});

test('a port that another program has is a warning to who connects', async () => {
  const taken = await new Promise<Server>((resolve) => {
    const server = createServer().listen(ALICE.port, ALICE.address, () => resolve(server));
  });
  const { code, messages } = await backend.execute({ command: 'connect', ...peer });
  expect(code).toBe(NO_ERROR);
  expect(messages).toEqual([expect.stringContaining(`EADDRINUSE`)]);
  expect(messages[0]).toContain(`${ALICE.address}:${ALICE.port}`);
  await new Promise((resolve) => taken.close(resolve));
});

test('a disk without metadata, and one that is not there', async () => {
  const disk = join(directory, 'disk');
  writeFileSync(disk, '');
  truncateSync(disk, 4 * 1024 * 1024);
  const request = { command: 'attach', minor, dataDevice: disk, metaDevice: disk, metaIndex: 'internal' } as const;
  expect(await backend.execute(request)).toEqual({
    code: ERR.ERR_MD_INVALID,
    messages: ['Meta data magic not found. Did you "drbdadm create-md"?', expect.stringContaining(disk)],
  });
  expect(await backend.execute({ ...request, dataDevice: '/nowhere', metaDevice: '/nowhere' })).toMatchObject({
    code: ERR.ERR_OPEN_DISK,
  });
  expect(await backend.execute({ ...request, metaDevice: '/nowhere', metaIndex: 'flexible' })).toMatchObject({
    code: ERR.ERR_OPEN_MD_DISK,
  });
  truncateSync(disk, 0);
  expect(await backend.execute(request)).toMatchObject({ code: ERR.ERR_MD_DISK_TOO_SMALL });
});

test('a volume that has no disk on purpose gets none, and status tells', async () => {
  const client: ControlRequest = {
    command: 'new-minor',
    resource: 'r0',
    minor: 8,
    volume: 1,
    options: { diskless: true },
  };
  expect(await backend.execute(client)).toEqual(OK);
  const [, device] = backend.snapshot().resources[0]?.devices ?? [];
  expect(device).toMatchObject({ diskState: 'Diskless', client: 'yes' });
  expect(await backend.execute({ ...attach({}), minor: 8 } as ControlRequest)).toEqual(refused(SS.SS_ATTACH_NO_BITMAP));
});
