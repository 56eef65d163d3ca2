/** outdate-peer.sh of drbd-utils, unchanged, as fence-peer handler: it has the peer outdated by ssh, and its exit code decides. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { Pair } from '../nodes/support/pair';
import { ROOT, testWith } from '../nodes/support/programs';
import { makeCompatLinks } from './compat-path';
import { StandIns } from './stand-ins';

jest.setTimeout(180_000);

const SCRIPT = '/usr/lib/drbd/outdate-peer.sh';
const testWithScript = existsSync(SCRIPT) ? testWith('bash') : test.skip;

let pair: Pair;
let standIns: StandIns;
afterEach(async () => {
  await pair.end();
  standIns.remove();
});

testWithScript(
  'a peer that is down, away or Primary is outdated, or is not, and the Primary goes on or stops',
  async () => {
    await makeCompatLinks();
    standIns = new StandIns('$TSDRBD_RUN_DIR/../../drbd.conf', join(ROOT, '.cache/bin-compat/drbdadm'));
    standIns.add('uname', '[ "$*" = -n ] && echo "$__DRBD_NODE__" || exec /usr/bin/uname "$@"');
    // `ssh ADDRESS drbdadm outdate r0`: the address says which node.
    standIns.add(
      'ssh',
      `case $1 in *.1) node=alice ;; *) node=bob ;; esac
shift
echo "$node: $*" >>${standIns.path('record')}
export __DRBD_NODE__=$node TSDRBD_RUN_DIR="$(realpath "$TSDRBD_RUN_DIR/../../$node/run")"
"$@"
code=$?
echo "exit $code" >>${standIns.path('record')}
exit $code`,
    );
    const nodes = 'on alice 10.0.0.1 on bob 10.0.0.2';
    pair = await Pair.running({
      net: 'fencing resource-and-stonith;',
      // The engine's search path, as the kernel's, is not the test's.
      handlers: `fence-peer "PATH=${standIns.directory}:$PATH ${SCRIPT} ${nodes}";`,
    });
    const { alice, bob } = pair;

    // Down, not even an engine: its metadata says Outdated, and alice goes on.
    await bob.endEngine('SIGKILL');
    const after = await alice.until('fenced', ({ connections, suspended }) => {
      const { connectionState, peerDevices } = connections[0] ?? {};
      return (
        connectionState === 'Connecting' &&
        peerDevices?.[0]?.peerDiskState === 'Outdated' &&
        !Object.values(suspended).includes(true)
      );
    });
    expect(after.role).toBe('Primary');
    expect(standIns.text('record')).toBe('bob: drbdadm outdate r0\nexit 0\n');

    await bob.does('up', 'r0');
    await alice.untilInSync();

    // Asked by hand: bob is up and not connected.
    await alice.does('disconnect', 'r0');
    await bob.untilConnecting();
    expect((await alice.adm('fence-peer', 'r0')).code).toBe(4);

    // bob asks the same of alice, who is Primary: exit code 6, and it stays what it is.
    const refused = await bob.adm('primary', '--force', 'r0');
    expect(refused.code).toBe(11);
    expect(refused.stderr).toContain('(-7) Refusing to be Primary while peer is not outdated');
    expect(standIns.text('record')).toContain('alice: drbdadm outdate r0\nexit 17\n');
    expect(bob.log()).toContain('Peer is primary, outdating myself.');
    expect((await alice.state())?.resources[0]).toMatchObject({
      role: 'Primary',
      devices: [{ diskState: 'UpToDate' }],
    });
  },
);
