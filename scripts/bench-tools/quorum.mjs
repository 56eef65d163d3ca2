import { mkdirSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { freePort } from './free-port.mjs';
import { cpuSeconds } from './process-cpu.mjs';
import { startListening, stopped } from './started.mjs';

const SIZE_MIB = 256;

/** qemu's replicated device: quorum of two over a local file and, over TCP as ours and through nbdkit, another one. */
export async function startQuorum(dir) {
  mkdirSync(dir, { recursive: true });
  const [local, remote] = ['local.img', 'remote.img'].map((name) => join(dir, name));
  for (const file of [local, remote]) {
    writeFileSync(file, '');
    truncateSync(file, SIZE_MIB * 1024 * 1024);
  }
  const pidFile = join(dir, 'nbdkit.pid');
  const port = await freePort();
  const socket = join(dir, 'quorum.sock');
  const nbdkit = await startListening(
    'nbdkit',
    ['-f', '-i', '127.0.0.1', '-p', String(port), '-P', pidFile, 'file', remote],
    pidFile,
  );
  const blockdevs = [
    `driver=file,node-name=f,filename=${local}`,
    'driver=raw,node-name=a,file=f',
    `driver=nbd,node-name=n,server.type=inet,server.host=127.0.0.1,server.port=${port}`,
    'driver=raw,node-name=b,file=n',
    'driver=quorum,node-name=q,vote-threshold=2,children.0=a,children.1=b',
  ];
  const qemu = await startListening(
    'qemu-storage-daemon',
    [
      ...blockdevs.flatMap((blockdev) => ['--blockdev', blockdev]),
      ...['--nbd-server', `addr.type=unix,addr.path=${socket},max-connections=0`],
      ...['--export', 'type=nbd,id=e,node-name=q,name=q,writable=on'],
    ],
    socket,
  );
  return {
    name: 'qemu quorum',
    uri: `nbd+unix:///q?socket=${socket}`,
    sizeMib: 200,
    cpuSeconds: () => cpuSeconds([nbdkit.pid, qemu.pid]),
    stop: async () => {
      await stopped(qemu);
      await stopped(nbdkit);
    },
  };
}
