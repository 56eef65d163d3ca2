/**
 * tsdrbdd, the replication engine of one node: wires core, disks, links, exports and control API together.
 *
 * Killing it is a node crash: nothing acknowledged is lost, and `tsdrbdadm up` brings everything back. SIGTERM and
 * SIGINT end it cleanly: disks are detached with their bitmaps written. A device that is mounted is waited for: when a
 * host is shut down, file systems are unmounted while services end. A second signal ends the waiting.
 */
import { pino, type DestinationStream, type Logger } from 'pino';
import { AlreadyRunningError, startControlServer } from '../control/server';
import { TcpTransport } from '../transport';
import { Backend } from './backend';
import type { BlockDevices } from '../devices';
import { Exports } from './exports';
import type { MetricsEndpoint } from './metrics/metrics-server';
import { handlerVariables } from './handlers/handler-variables';
import { messageOf } from './message-of';
import { NbdExporter } from './nbd-exporter';
import { createNodeHost } from './node-host';
import { ProcFile } from './proc-file';
import { parseTcpEndpoint, readSettings } from './settings';
import { startBlockDevices } from './start-block-devices';
import { takeLock } from './take-lock';

/** Less than the 2 minutes after which systemd would kill it (packaging/systemd/tsdrbdd.service). */
const WAIT_FOR_USERS_MS_MAX = 100_000;

async function main(): Promise<void> {
  const env = await environment();
  const settings = readSettings(env);
  const metricsEndpoint = parseTcpEndpoint('metrics', settings.metricsListen);
  const log = pino(
    { level: settings.logLevel, base: null, timestamp: pino.stdTimeFunctions.isoTime },
    await logDestination(),
  );
  const transport = new TcpTransport({ random: Math.random });
  const nbd = new NbdExporter({ runDir: settings.runDir, tcp: parseTcpEndpoint('nbd', settings.nbdListen) }, { log });
  // Begun once the run directory is ours.
  let devicesStarted: (devices: BlockDevices | null) => void = () => undefined;
  const exporter = new Exports({
    nbd,
    ...(settings.deviceFrontend === 'none'
      ? {}
      : { blockDevices: new Promise<BlockDevices | null>((resolve) => (devicesStarted = resolve)) }),
  });
  const host = createNodeHost({
    log,
    handlers: {
      program: settings.handlerProgram,
      environment: { ...env, TSDRBD_RUN_DIR: settings.runDir },
      describe: (call) => handlerVariables(call, backend.handlerSubject(call)),
      told: ({ handler, resource, peerNodeId, connectionName, volume, minor }, status) => {
        const call = {
          helper: handler,
          resourceName: resource,
          ...(peerNodeId === null ? {} : { peerNodeId }),
          ...(connectionName === undefined ? {} : { connectionName }),
          ...(volume === null ? {} : { volume }),
          ...(minor === null ? {} : { minor }),
        };
        backend.emit(status === null ? { kind: 'helper-call', call } : { kind: 'helper-response', call, status });
      },
      warn: ({ resource }, text) => log.warn({ subject: resource }, text),
    },
  });
  const backend = new Backend({ host, transport, exporter, log });
  const server = await startControlServer(
    { runDir: settings.runDir },
    { backend, takeLock, onBug: (error, request) => log.error({ err: error, request }, 'bug in a control command') },
  );
  const procFile = new ProcFile(settings.runDir, {
    snapshot: () => backend.snapshot(),
    warn: (text) => log.warn({ subject: 'tsdrbdd' }, text),
    nowMs: () => performance.now(),
  });
  backend.onTouched(() => procFile.noteChange());
  devicesStarted(await startBlockDevices(settings, log));
  if (metricsEndpoint !== null) await serveMetrics(metricsEndpoint, backend, log);

  let stopping: AbortController | null = null;
  const stop = (signal: NodeJS.Signals): void => {
    if (stopping !== null) return stopping.abort();
    stopping = new AbortController();
    const waitNoMore = AbortSignal.any([stopping.signal, AbortSignal.timeout(WAIT_FOR_USERS_MS_MAX)]);
    log.info({ subject: 'tsdrbdd' }, `${signal}: stopping`);
    void exporter
      .unused(waitNoMore, (device, user) =>
        log.info(
          { subject: 'tsdrbdd' },
          `waiting, since ${device} is in use (${user}); another ${signal} stops at once`,
        ),
      )
      .catch((error: unknown) => log.error({ err: error }, 'users of devices'))
      .then(() => backend.shutdown())
      .then(() => exporter.stop())
      .then(() => server.close())
      .then(() => procFile.end())
      .catch((error: unknown) => log.error({ err: error }, 'shutdown'))
      .finally(() => process.exit(0));
  };
  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);
  process.on('SIGHUP', () => undefined);
  // State that is no longer understood must not go on replicating: a crash is what everything is prepared for.
  process.on('uncaughtException', (error) => {
    log.fatal({ err: error }, 'bug: the engine stops, as if the node had crashed');
    process.exit(70);
  });
  // Last: whoever reads this may send a signal at once.
  log.info({ subject: 'tsdrbdd', pid: process.pid, runDir: settings.runDir }, 'started');
}

/** The environment as the command line changes it. Ends the process where it only asks for help. */
async function environment(): Promise<NodeJS.ProcessEnv> {
  const argv = process.argv.slice(2);
  if (argv.length === 0) return process.env;
  const { parseCommandLine } = await import('./command-line');
  const commandLine = await parseCommandLine(argv);
  if (commandLine.kind === 'run') return { ...process.env, ...commandLine.env };
  process.stdout.write(commandLine.stdout);
  process.stderr.write(commandLine.stderr);
  process.exit(commandLine.exitCode);
}

/** Lines of JSON into whatever stdout is, unless a person looks on. */
async function logDestination(): Promise<DestinationStream> {
  if (!process.stdout.isTTY) return pino.destination({ fd: 1, sync: true });
  const [{ terminalLog }, { supportsColor }] = await Promise.all([import('./terminal-log'), import('chalk')]);
  return terminalLog(supportsColor === false ? 0 : supportsColor.level, (text) => void process.stdout.write(text));
}

/** A node that cannot be watched still replicates. Loaded here only: most hosts do without. */
async function serveMetrics(endpoint: MetricsEndpoint, backend: Backend, log: Logger): Promise<void> {
  const { startMetricsServer } = await import('./metrics/metrics-server');
  const warn = (error: unknown): void => log.warn({ subject: 'metrics' }, `no metrics: ${messageOf(error)}`);
  await startMetricsServer(endpoint, { snapshot: () => backend.snapshot(), onError: warn }).catch(warn);
}

main().catch((error: unknown) => {
  if (error instanceof AlreadyRunningError) process.exit(0);
  process.stderr.write(`tsdrbdd: ${messageOf(error)}\n`);
  process.exit(1);
});
