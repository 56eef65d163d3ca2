/**
 * A directory that goes before everything on a client's PATH: programs of other systems that are not here and write down how they
 * were called, and our tsdrbdadm as a drbdadm whose configuration is the test's.
 */
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export class StandIns {
  readonly directory = mkdtempSync(join(tmpdir(), 'tsdrbd-stand-ins-'));

  /** `drbdadm`: what is run for it, with the configuration of the test. */
  constructor(configPath: string, drbdadm: string) {
    this.add('drbdadm', `exec ${drbdadm} -c ${configPath} "$@"`);
  }

  path(name: string): string {
    return join(this.directory, name);
  }

  /** `script`: for sh. */
  add(name: string, script: string): void {
    writeFileSync(this.path(name), `#!/bin/sh\n${script}\n`);
    chmodSync(this.path(name), 0o755);
  }

  /** Text of a file that stand-ins write; empty before the first has. */
  text(name: string): string {
    return existsSync(this.path(name)) ? readFileSync(this.path(name), 'utf8') : '';
  }

  remove(): void {
    rmSync(this.directory, { recursive: true, force: true });
  }
}
