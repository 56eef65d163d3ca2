/**
 * Commands that are carried out, by stand-ins for drbdsetup and drbdmeta that fail as told: which commands run, what is
 * said and how it ends, beside the installed drbdadm. Real processes of both.
 */
import { execFile, execFileSync } from 'node:child_process';
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findOracle } from './live';

const ROOT = join(__dirname, '../../../..');
const work = mkdtempSync(join(tmpdir(), 'tsdrbdadm-failures-'));
const ours = join(work, 'drbdadm');

/** What only one of the two versions calls (adm.md 11) does nothing, and is not logged. FAIL: PATTERN CODE. */
const STAND_IN = `#!/bin/sh
line="$(basename "$0") $*"
case "$line" in *repair-md*|*dev-uuid*) exit 0;; esac
echo "$line" >> "$LOG"
if [ -n "$FAIL" ] && echo "$line" | grep -q -e "\${FAIL% *}"; then
  case "\${FAIL##* }" in
    killed) kill -9 $$ ;;
    late) exec sleep 60 ;;
  esac
  echo "out of $line"; echo "err of $line" >&2
  exit "\${FAIL##* }"
fi
exit 0
`;

const CONFIGURATION = `global { usage-count no; disable-ip-verification; cmd-timeout-short 1; cmd-timeout-medium 1; cmd-timeout-long 1; }
common {
  handlers {
    split-brain "echo common $DRBD_RESOURCE $DRBD_PEER; exit 3"; fence-peer "echo fenced; echo error >&2; exit 12";
    pri-lost "kill -9 $$"; local-io-error "exec sleep 60";
  }
}
resource a {
  volume 0 { device minor 0; disk /dev/a0; meta-disk internal; }
  volume 1 { device minor 1; disk /dev/a1; meta-disk internal; }
  on alice { node-id 0; address 10.0.0.1:7000; }
  on bob { node-id 1; address 10.0.0.2:7000; }
  on charlie { node-id 2; address 10.0.0.3:7000; }
  connection-mesh { hosts alice bob charlie; }
}
resource b {
  volume 0 { device minor 2; disk /dev/b0; meta-disk internal; }
  on alice { node-id 0; address 10.0.0.1:7001; }
  on bob { node-id 1; address 10.0.0.2:7001; }
  handlers { split-brain "echo of b"; }
}
`;

const PLAN: readonly (readonly [failing: string, commands: readonly string[]])[] = [
  ['', ['up all', 'up b a', 'down b a', '-v primary all', 'status a b']],
  ['', ['split-brain a', 'split-brain all', 'fence-peer a', 'pri-lost a', 'local-io-error a', 'out-of-sync a']],
  [
    'setup 10',
    ['up all', 'adjust all', 'adjust-with-progress all', 'down all', 'connect all', 'verify a', 'dstate all'],
  ],
  ['setup 5', ['wait-connect all', 'primary all', 'outdate all', 'detach all']],
  ['setup 11', ['primary all', 'secondary b a', 'invalidate all', 'outdate b', 'role all']],
  ['setup 17', ['primary --force a b', 'outdate all', 'invalidate b']],
  ['setup 20', ['down all', 'cstate all', 'get-gi all', 'check-resize all', 'resize all', 'forget-peer all']],
  ['setup.* a 10', ['up all', 'adjust-with-progress all', 'down a b', 'disconnect all']],
  ['new-minor a 10', ['up all', 'up b a', 'adjust-with-progress all']],
  ['new-peer a 10', ['up a b', 'adjust-with-progress all', 'new-peer all']],
  ['new-path a 10', ['up all', 'adjust-with-progress all']],
  ['attach 1 10', ['up all', 'adjust all', 'adjust-with-progress all', 'attach all']],
  ['meta 1', ['attach all', 'up all', 'dump-md all', 'wipe-md b']],
  ['meta 20', ['attach all', 'up a b', 'show-gi all', 'apply-al all']],
  [
    'setup killed',
    ['up all', 'adjust-with-progress b', 'primary all', 'outdate b', 'dstate b', 'invalidate b', 'get-gi b'],
  ],
  ['meta killed', ['up all', 'attach all']],
  ['setup late', ['primary a b', 'connect b', 'outdate b', 'check-resize b']],
  ['new-minor late', ['up b a']],
  ['meta late', ['attach b', 'wipe-md a']],
];

interface Run {
  readonly rc: number | string;
  readonly stdout: string;
  readonly stderr: string;
  readonly ran: string;
}

function run(program: string, words: string, failing: string): Promise<Run> {
  const log = join(work, 'log');
  rmSync(log, { force: true });
  const argv = [
    '-c',
    join(work, 'drbd.conf'),
    '-s',
    join(work, 'setup'),
    '-m',
    join(work, 'meta'),
    ...words.split(' '),
  ];
  const env = {
    ...{ PATH: process.env['PATH'], LC_ALL: 'C', __DRBD_NODE__: 'alice', DRBD_DRIVER_VERSION_OVERRIDE: '9.1.0' },
    ...{ FAKE_DRBDSETUP_SHOW: '/dev/null', TSDRBD_RUN_DIR: join(work, 'run'), LOG: log, FAIL: failing },
  };
  return new Promise((resolve) => {
    const child = execFile(program, argv, { env, timeout: 50_000 }, (error, stdout, stderr) => {
      // A failed stage of 9.22 is a number without a sign.
      const code = error === null ? 0 : (error.code ?? String(error.signal));
      const said = stderr.replace('sh: 1: modinfo: not found\n', '');
      const shown = stdout.replaceAll('4294967295', '-1');
      resolve({ rc: code, stdout: shown, stderr: said, ran: existsSync(log) ? readFileSync(log, 'utf8') : '' });
    });
    child.stdin?.end();
  });
}

const describeLive = findOracle() === undefined ? describe.skip : describe;

describeLive('beside the installed drbdadm', () => {
  beforeAll(() => {
    execFileSync('node', [join(ROOT, 'scripts/build.mjs'), '--out', join(work, 'bundles'), 'tsdrbdadm'], {
      stdio: 'ignore',
    });
    symlinkSync(join(work, 'bundles/tsdrbdadm.cjs'), ours);
    writeFileSync(join(work, 'drbd.conf'), CONFIGURATION);
    for (const name of ['setup', 'meta']) {
      writeFileSync(join(work, name), STAND_IN);
      chmodSync(join(work, name), 0o755);
    }
  }, 120_000);
  afterAll(() => rmSync(work, { recursive: true }));

  it.each(PLAN)(
    'when %j: %j',
    async (failing, commands) => {
      for (const words of commands) {
        const theirs = await run('drbdadm', words, failing);
        expect({ words, ...(await run(ours, words, failing)) }).toEqual({ words, ...theirs });
      }
    },
    600_000,
  );
});
