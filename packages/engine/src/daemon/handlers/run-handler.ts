/**
 * A handler is a process, `tsdrbdadm HANDLER RESOURCE`, as the module calls drbdadm; its exit code counts.
 * Source: adm.md 7.1, behaviour.md 10.3.
 */
import { spawn } from 'node:child_process';
import { dirname } from 'node:path';
import type { HandlerCall } from '../../core';
import { compatFolder } from './handler-program';
import { HandlerQueue } from './handler-queue';

export interface HandlerRunner {
  /** 'disabled': none is called, and each counts as successful. */
  readonly program: string;
  /** The engine's own: what tells this node from others on the machine goes on to the handler. */
  readonly environment: NodeJS.ProcessEnv;
  /** What the module says about the subject: DRBD_MINOR, DRBD_PEER_ADDRESS and so on. */
  readonly describe: (call: HandlerCall) => Readonly<Record<string, string>>;
  /** `status` as wait(2) has it; null: it starts now. */
  readonly told: (call: HandlerCall, status: number | null) => void;
  readonly warn: (call: HandlerCall, text: string) => void;
}

/** The kernel's search path for its helpers. */
const SEARCH_PATH = '/sbin:/usr/sbin:/bin:/usr/bin';

const queue = new HandlerQueue();

/** A handler that cannot be started, or that a signal ended, counts as exit code 0, as in DRBD. */
export function runHandler(runner: HandlerRunner, call: HandlerCall, done: (exitCode: number) => void): void {
  if (runner.program === 'disabled') {
    setImmediate(done, 0);
    return;
  }
  // As things are now: when its turn comes, the connection may be gone.
  const environment = handlerEnvironment(runner, call);
  queue.add((ended) =>
    start(runner, call, environment, (exitCode) => {
      ended();
      done(exitCode);
    }),
  );
}

function start(
  runner: HandlerRunner,
  call: HandlerCall,
  environment: NodeJS.ProcessEnv,
  done: (exitCode: number) => void,
): void {
  runner.told(call, null);
  let finished = false;
  const finish = (exitCode: number): void => {
    if (finished) return;
    finished = true;
    runner.told(call, exitCode << 8);
    done(exitCode);
  };
  const argv = [call.handler, call.resource];
  const isScript = /\.[cm]?js$/.test(runner.program);
  const child = spawn(isScript ? process.execPath : runner.program, isScript ? [runner.program, ...argv] : argv, {
    cwd: '/',
    env: environment,
    stdio: 'ignore',
  });
  child.on('error', (error) => {
    runner.warn(call, `helper command: ${runner.program} ${argv.join(' ')}: ${error.message}`);
    finish(0);
  });
  child.on('exit', (code) => finish(code ?? 0));
}

function handlerEnvironment({ program, environment, describe }: HandlerRunner, call: HandlerCall): NodeJS.ProcessEnv {
  const kept = Object.entries(environment).filter(([name]) => name.startsWith('TSDRBD') || name === '__DRBD_NODE__');
  // First what a script calls drbdadm, that it is ours whose handler it is. The programs are Node's: its directory comes
  // last, so that it is found where the kernel's path does not have it.
  const path = [compatFolder(program), SEARCH_PATH, dirname(process.execPath), environment['PATH'] ?? ''];
  return {
    ...Object.fromEntries(kept),
    HOME: '/',
    TERM: 'linux',
    PATH: path.filter(Boolean).join(':'),
    ...describe(call),
  };
}
