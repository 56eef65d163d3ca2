#!/usr/bin/env node
/** Makes tsdrbd_VERSION_ARCHITECTURE.deb of what scripts/pack makes and scripts/install installs. Called by scripts/pack. */
import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ARCHITECTURES = { x64: 'amd64', arm64: 'arm64' };

const root = join(dirname(fileURLToPath(import.meta.url)), '../..');
const [outDirectory] = process.argv.slice(2);
const { version, engines } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
const architecture = ARCHITECTURES[process.arch];
if (architecture === undefined) throw new Error(`no Debian architecture is known for ${process.arch}`);

const work = mkdtempSync(join(tmpdir(), 'tsdrbd-deb-'));
try {
  const archive = run(join(root, 'scripts/pack'), ['--out', work]).trim().split('\n').at(-1);
  const stage = join(work, 'stage');
  mkdirSync(stage, { mode: 0o755 });
  run(join(root, 'scripts/install'), ['--package', archive], { DESTDIR: stage, PREFIX: '/usr' });
  // dpkg keeps the list, and asks about settings that were changed.
  rmSync(join(stage, 'usr/lib/tsdrbd/installed'));
  layOutDocuments(join(stage, 'usr/lib/tsdrbd'), join(stage, 'usr/share/doc/tsdrbd'));
  compressManualPages(join(stage, 'usr/share/man'));

  const debian = join(stage, 'DEBIAN');
  mkdirSync(debian, { mode: 0o755 });
  writeFileSync(join(debian, 'control'), control(sizeKib(stage)));
  writeFileSync(join(debian, 'conffiles'), '/etc/tsdrbd.ini\n');
  for (const script of ['postinst', 'prerm', 'postrm']) {
    cpSync(join(root, 'packaging/debian', script), join(debian, script));
    chmodSync(join(debian, script), 0o755);
  }
  mkdirSync(outDirectory, { recursive: true });
  const path = join(outDirectory, `tsdrbd_${version}_${architecture}.deb`);
  run('dpkg-deb', ['--root-owner-group', '-Zxz', '--build', stage, `${path}.new`]);
  renameSync(`${path}.new`, path);
  console.log(path);
} finally {
  rmSync(work, { recursive: true, force: true });
}

function control(installedKib) {
  const node = engines.node.replace(/^>=/, '');
  // losetup and mount are in packages that Debian's base has; without them there are no block devices.
  return `Package: tsdrbd
Version: ${version}
Architecture: ${architecture}
Maintainer: The tsdrbd maintainers <maintainers@tsdrbd.invalid>
Installed-Size: ${installedKib}
Depends: nodejs (>= ${node}), libc6 (>= 2.28)
Recommends: mount
Suggests: nbd-client, libnbd-bin
Section: admin
Priority: optional
Description: DRBD in userspace: block devices replicated between nodes
 Replicates block devices or files between two nodes with DRBD's configuration,
 commands, metadata and wire protocol, without a kernel module: tsdrbdadm,
 tsdrbdsetup, tsdrbdmeta and the engine tsdrbdd. Volumes are reached as
 /dev/drbdN where the host can have block devices, else over NBD.
 .
 It can be installed beside drbd-utils. The directory /usr/lib/tsdrbd/compat has
 the programs under the names drbdadm, drbdsetup and drbdmeta.
`;
}

/** Debian has documents in one place; the licences go by the name that its tools look for. */
function layOutDocuments(from, to) {
  mkdirSync(to, { recursive: true });
  for (const name of readdirSync(join(from, 'docs'))) renameSync(join(from, 'docs', name), join(to, name));
  rmSync(join(from, 'docs'), { recursive: true });
  const texts = ['LICENSE', 'THIRD-PARTY-LICENSES.txt'].map((name) => readFileSync(join(from, name), 'utf8'));
  writeFileSync(join(to, 'copyright'), texts.join(`\n${'-'.repeat(72)}\n\n`));
  for (const name of ['LICENSE', 'THIRD-PARTY-LICENSES.txt', 'README.md']) rmSync(join(from, name));
  // Installed in their places.
  for (const name of ['man', 'completions', 'systemd', 'tsdrbd.ini']) rmSync(join(from, name), { recursive: true });
}

function compressManualPages(directory) {
  for (const section of readdirSync(directory)) {
    for (const page of readdirSync(join(directory, section))) run('gzip', ['-9n', join(directory, section, page)]);
  }
}

function sizeKib(directory) {
  return readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .reduce((sum, entry) => sum + Math.ceil(statSync(join(entry.parentPath, entry.name)).size / 1024), 0);
}

function run(program, words, env = {}) {
  const stdio = ['ignore', 'pipe', 'inherit'];
  return execFileSync(program, words, { cwd: root, encoding: 'utf8', env: { ...process.env, ...env }, stdio });
}
