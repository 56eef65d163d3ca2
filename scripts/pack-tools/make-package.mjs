#!/usr/bin/env node
/**
 * Lays out the npm package `tsdrbd` in a temporary directory and packs it. Called by scripts/pack.
 *
 *   lib/             the programs as bundles, side by side: each finds the others there
 *   node_modules/    the native modules, reduced to what is loaded on this platform
 *   man/  completions/  docs/  systemd/  pacemaker/  LICENSE  README.md  THIRD-PARTY-LICENSES.txt
 */
import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { nativeModules } from './native-modules.mjs';
import { thirdPartyLicenses } from './third-party-licenses.mjs';

const PROGRAMS = ['tsdrbdadm', 'tsdrbdsetup', 'tsdrbdmeta', 'tsdrbdd'];

const root = join(dirname(fileURLToPath(import.meta.url)), '../..');
const [outDirectory] = process.argv.slice(2);
const workspace = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
const work = mkdtempSync(join(tmpdir(), 'tsdrbd-pack-'));
try {
  const natives = nativeModules(join(root, 'packages/engine/package.json'));
  const stage = join(work, 'package');
  const inputs = join(work, 'inputs');
  run(process.execPath, [join(root, 'scripts/build.mjs'), '--out', join(stage, 'lib'), '--inputs', inputs]);
  for (const native of natives) copyNative(native, join(stage, 'node_modules', native.manifest.name));
  copyDocuments(stage);
  const bundled = readFileSync(inputs, 'utf8').trim().split('\n');
  writeFileSync(join(stage, 'THIRD-PARTY-LICENSES.txt'), thirdPartyLicenses(root, bundled, natives));
  writeFileSync(join(stage, 'package.json'), `${JSON.stringify(manifest(stage, natives), null, 2)}\n`);
  mkdirSync(outDirectory, { recursive: true });
  const packed = run('npm', ['pack', '--loglevel=error', '--ignore-scripts', '--pack-destination', work], stage)
    .trim()
    .split('\n')
    .at(-1);
  const path = join(outDirectory, `tsdrbd-${workspace.version}-${process.platform}-${process.arch}.tgz`);
  cpSync(join(work, packed), `${path}.new`);
  renameSync(`${path}.new`, path);
  console.log(path);
} finally {
  rmSync(work, { recursive: true, force: true });
}

function manifest(stage, natives) {
  const versions = Object.fromEntries(natives.map(({ manifest: { name, version } }) => [name, version]));
  return {
    name: 'tsdrbd',
    version: workspace.version,
    description: 'DRBD in userspace: block devices replicated between nodes, without a kernel module',
    license: workspace.license,
    engines: workspace.engines,
    // The native modules are those of the machine that packed.
    os: [process.platform],
    cpu: [process.arch],
    libc: ['glibc'],
    bin: Object.fromEntries(PROGRAMS.map((name) => [name, `lib/${name}.cjs`])),
    man: readdirSync(join(stage, 'man')).map((page) => `man/${page}`),
    dependencies: versions,
    bundleDependencies: Object.keys(versions),
  };
}

/** Without install scripts and optional dependencies: what they would fetch or build is here. */
function copyNative({ directory, manifest: full, files }, target) {
  const { name, version, license, author, repository, main, type, exports } = full;
  mkdirSync(target, { recursive: true });
  const reduced = { name, version, license, author, repository, main, type, exports };
  writeFileSync(join(target, 'package.json'), `${JSON.stringify(reduced, null, 2)}\n`);
  for (const file of files) cpSync(join(directory, file), join(target, file));
}

function copyDocuments(stage) {
  const copies = [
    ['LICENSE', 'LICENSE'],
    ['packaging/README.md', 'README.md'],
    ['packaging/systemd', 'systemd'],
    ['packaging/pacemaker', 'pacemaker'],
    ['packaging/tsdrbd.ini', 'tsdrbd.ini'],
    ['docs/installation.md', 'docs/installation.md'],
    ['docs/tsdrbd.ini.md', 'docs/tsdrbd.ini.md'],
    ['docs/devices.md', 'docs/devices.md'],
    ['docs/glossary.md', 'docs/glossary.md'],
    ['docs/man', 'man'],
    ['packaging/completions', 'completions'],
  ];
  for (const [from, to] of copies) cpSync(join(root, from), join(stage, to), { recursive: true });
}

function run(program, words, cwd = root) {
  return execFileSync(program, words, { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] });
}
