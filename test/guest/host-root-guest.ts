/** A machine with Debian's kernel and this machine's file system, in which two nodes of tsdrbd run as root. */
import { join } from 'node:path';
import { Guest } from '../../scripts/kernel-peer-tools/guest';
import {
  missingForKernelPeer,
  missingPrograms,
  type NeededProgram,
} from '../../scripts/kernel-peer-tools/requirements';
import { Room } from '../../scripts/kernel-peer-tools/room';
import type { Ran } from '../../scripts/kernel-peer-tools/shell';

/** Everything is emulated: some ten times slower than here, and more on a busy machine. */
export const TIMEOUT_MS = 600_000;
const COMMAND_TIMEOUT_MS = 240_000;
const MEMORY_MIB = 1024;

/** As describe; on a machine that lacks something, its tests are skipped, and say what. */
export function describeInGuest(name: string, programs: readonly NeededProgram[], tests: () => void): void {
  const missing = [...missingForKernelPeer(), ...missingPrograms(programs)];
  if (missing.length === 0) describe(name, tests);
  else describe.skip(`${name} (this machine lacks ${missing.join('; ')})`, tests);
}

export const ROOT = join(__dirname, '../..');
const ENGINE = 'packages/engine/dist/tsdrbdd.cjs';
const PROGRAMS = ['adm', 'setup', 'meta'].map((name) => `packages/${name}/dist/tsdrbd${name}.cjs`);

export class HostRootGuest {
  private constructor(
    private readonly room: Room,
    readonly guest: Guest,
  ) {}

  /** `systemd`: as the first process; else the programs of this checkout are put in PATH. */
  static async boot(
    label: string,
    diskBytes: readonly number[],
    init: 'commands' | 'systemd' = 'commands',
  ): Promise<HostRootGuest> {
    const room = await Room.create(`${label}-${process.pid}`, 'with-this-process');
    const guest = new Guest(room, { name: 'alice', root: 'host', init, memoryMib: MEMORY_MIB });
    diskBytes.forEach((sizeBytes, index) => guest.setDiskSize(index, sizeBytes));
    await guest.boot();
    const machine = new HostRootGuest(room, guest);
    if (init === 'commands') await machine.installPrograms();
    return machine;
  }

  end(): Promise<void> {
    this.guest.leave();
    return this.room.end();
  }

  /** As an administrator does it, with systemd; returns when the machine is off. */
  async powerOff(): Promise<void> {
    await this.does('systemctl --no-block poweroff');
    this.guest.leave();
    const deadline = performance.now() + COMMAND_TIMEOUT_MS;
    while (this.guest.machinePid() !== null) {
      if (performance.now() > deadline) throw new Error(`the guest does not go off: ${this.guest.lastWords()}`);
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
  }

  run(command: string): Promise<Ran> {
    return this.guest.run(command, COMMAND_TIMEOUT_MS);
  }

  /** Lines are commands; the first that fails ends it. Gives the standard output. */
  does(commands: string): Promise<string> {
    return this.guest.mustRun(`set -e\n${commands}`, COMMAND_TIMEOUT_MS);
  }

  /** With the modules that it depends on. */
  async loadModule(name: string): Promise<void> {
    await this.does(`while read -r module parameters; do
      [ -e /sys/module/$module ] || insmod /etc/guest/modules/$module.ko $parameters
    done </etc/guest/modules/load-${name}`);
  }

  /** The programs in PATH. `bob WORDS`: as the second node, whose devices are in /dev/bob. */
  private async installPrograms(): Promise<void> {
    const bin = '/usr/local/sbin';
    for (const program of PROGRAMS) {
      const path = `${bin}/${/([a-z]+)\.cjs$/.exec(program)?.[1] ?? ''}`;
      await this.guest.putFile(path, `#!/bin/sh\nexec '${process.execPath}' '${join(ROOT, program)}' "$@"\n`);
    }
    const environment = '__DRBD_NODE__=bob TSDRBD_RUN_DIR=/run/bob TSDRBD_DEVICE_DIR=/dev/bob';
    await this.guest.putFile(`${bin}/bob`, `#!/bin/sh\nexec env ${environment} "$@"\n`);
    await this.does(`chmod 755 ${bin}/tsdrbd* ${bin}/bob`);
  }

  /** Returns when the engine of a node answers. Its start can take longer here than the 5 s that tsdrbdadm gives a command. */
  async startEngine(node: 'alice' | 'bob'): Promise<void> {
    const runDirectory = node === 'bob' ? '/run/bob' : '/run/tsdrbd';
    const program = `'${process.execPath}' '${join(ROOT, ENGINE)}'`;
    await this.does(`mkdir -p ${runDirectory}
      rm -f ${runDirectory}/control.sock
      ${node === 'bob' ? 'bob' : ''} setsid ${program} >>${runDirectory}/output.log 2>&1 &
      echo $! >${runDirectory}/engine-pid
      until [ -S ${runDirectory}/control.sock ]; do sleep 0.2; done`);
  }

  /** As `up`, until it succeeds: nothing is undone where a step took longer than tsdrbdadm waits. */
  async bringUp(node: 'alice' | 'bob', resource: string): Promise<void> {
    await this.does(`until ${node === 'bob' ? 'bob' : ''} tsdrbdadm adjust ${resource}; do sleep 1; done`);
  }
}
