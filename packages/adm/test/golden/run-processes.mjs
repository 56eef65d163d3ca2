/**
 * Runs recorded command lines as processes: run-processes.mjs PLAN, where PLAN is a JSON file with
 * { runs, program, folder, addresses }. Prints the results, a JSON object a line, in the order of the runs. It must be
 * in a network and host name namespace of its own, where it makes the machine that the recorder had: named alice, with
 * the configurations' addresses on the loopback device.
 */
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';

const { runs, program, folder, addresses } = JSON.parse(readFileSync(process.argv[2], 'utf8'));

const isV6 = (address) => address.includes(':');
const addAll = addresses.map((each) => `addr add ${each}/${isV6(each) ? '128 dev lo nodad' : '32 dev lo'}`);
execFileSync('hostname', ['alice']);
// What the kernel refuses was refused on the recorder's machine too.
spawnSync('ip', ['-force', '-batch', '-'], { input: ['link set lo up', ...addAll].join('\n') });

const results = [];
let next = 0;
await Promise.all(
  Array.from({ length: availableParallelism() + 1 }, async () => {
    for (let index = next++; index < runs.length; index = next++) results[index] = await runOne(runs[index]);
  }),
);
for (const result of results) console.log(JSON.stringify(result));

function runOne({ argv, node, show, stdin }) {
  const inherited = Object.entries(process.env).filter(([name]) => !/^(_*DRBD|TSDRBD|FAKE_|INIT_VERSION)/.test(name));
  const env = { ...Object.fromEntries(inherited), LC_ALL: 'C', TZ: 'UTC', DRBD_DRIVER_VERSION_OVERRIDE: '9.2.0' };
  if (node !== null) env.__DRBD_NODE__ = node;
  if (show !== null) env.FAKE_DRBDSETUP_SHOW = show;
  return new Promise((resolve, reject) => {
    const child = spawn(program, argv, { cwd: folder, env });
    // Bytes, one a character, as the recorder keeps them.
    const texts = { stdout: '', stderr: '' };
    for (const stream of ['stdout', 'stderr']) {
      child[stream].setEncoding('latin1').on('data', (piece) => (texts[stream] += piece));
    }
    child.stdin.on('error', () => undefined);
    child.stdin.end(stdin ?? '', 'latin1');
    child.on('error', reject);
    child.on('close', (code, signal) => resolve({ rc: code ?? signal, ...texts }));
  });
}
