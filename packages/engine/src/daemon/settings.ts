/**
 * The host's settings, /etc/tsdrbd.ini: what concerns this machine and not the cluster. Every key is documented in
 * docs/tsdrbd.ini.md; an unknown one is refused, since a mistyped setting that silently does nothing is worse.
 */
import { readFileSync } from 'node:fs';
import { parse } from 'ini';
import { DEFAULT_RUN_DIR, DEFAULT_SETTINGS_PATH } from '../control';
import { FRONTENDS, type FrontendSetting } from '../devices';
import { defaultHandlerProgram } from './handlers/handler-program';
import { messageOf } from './message-of';

export interface Settings {
  readonly runDir: string;
  readonly logLevel: LogLevel;
  /** Program run as `<program> <handler> <resource>`, tsdrbdadm where nothing says so; 'disabled': handlers are not called. */
  readonly handlerProgram: string;
  /** Also offer the volumes over TCP, `host:port`; '' for not at all. */
  readonly nbdListen: string;
  /** Serve Prometheus metrics, `host:port`; '' for not at all. */
  readonly metricsListen: string;
  /** What makes volumes block devices of the kernel. */
  readonly deviceFrontend: FrontendSetting;
  /** Where their nodes and links go. */
  readonly deviceDir: string;
}

const DEFAULT_DEVICE_DIR = '/dev';

const LOG_LEVELS = ['error', 'warn', 'info', 'debug'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

export class SettingsError extends Error {}

type Env = Readonly<Record<string, string | undefined>>;

/** Throws SettingsError with file and key. A missing file at the default place means defaults. */
export function readSettings(env: Env): Settings {
  const path = env['TSDRBD_INI'] ?? DEFAULT_SETTINGS_PATH;
  const values = new Map<string, string>();
  for (const [section, keys] of Object.entries(parseFile(path, env['TSDRBD_INI'] !== undefined))) {
    if (typeof keys !== 'object' || keys === null)
      throw new SettingsError(`${path}: '${section}' stands outside any section`);
    for (const [key, value] of Object.entries(keys)) {
      const name = `${section}.${key}`;
      if (!KEYS.has(name))
        throw new SettingsError(`${path}: unknown key '${key}' in [${section}]; known: ${[...KEYS].join(', ')}`);
      values.set(name, String(value));
    }
  }
  const logLevel = values.get('log.level') ?? 'info';
  const level = LOG_LEVELS.find((known) => known === logLevel);
  if (level === undefined)
    throw new SettingsError(`${path}: [log] level is '${logLevel}', expected ${LOG_LEVELS.join(' | ')}`);
  const runDir = env['TSDRBD_RUN_DIR'] || values.get('daemon.run-dir') || DEFAULT_RUN_DIR;
  const deviceDir = env['TSDRBD_DEVICE_DIR'] || values.get('device.directory');
  // An engine beside the host's own, with a run directory of its own, leaves /dev alone unless it is told otherwise.
  const frontend = values.get('device.frontend') ?? (runDir === DEFAULT_RUN_DIR || deviceDir ? 'auto' : 'none');
  const deviceFrontend = FRONTENDS.find((known) => known === frontend);
  if (deviceFrontend === undefined)
    throw new SettingsError(`${path}: [device] frontend is '${frontend}', expected ${FRONTENDS.join(' | ')}`);
  return {
    runDir,
    logLevel: level,
    handlerProgram: env['TSDRBD_HANDLER'] || values.get('daemon.handler-program') || defaultHandlerProgram(),
    nbdListen: values.get('nbd.listen') ?? '',
    metricsListen: values.get('metrics.listen') ?? '',
    deviceFrontend,
    deviceDir: deviceDir || DEFAULT_DEVICE_DIR,
  };
}

const KEYS: ReadonlySet<string> = new Set([
  'daemon.run-dir',
  'daemon.handler-program',
  'log.level',
  'nbd.listen',
  'metrics.listen',
  'device.frontend',
  'device.directory',
]);

function parseFile(path: string, mustExist: boolean): Record<string, unknown> {
  try {
    return parse(readFileSync(path, 'utf8'));
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (code === 'ENOENT' && !mustExist) return {};
    throw new SettingsError(`${path}: ${messageOf(error)}`);
  }
}

/** `host:port`, IPv6 in brackets; null for the empty text. Throws SettingsError. */
export function parseTcpEndpoint(
  section: 'nbd' | 'metrics',
  text: string,
): { readonly kind: 'tcp'; readonly host: string; readonly port: number } | null {
  if (text === '') return null;
  const match = /^(?:\[([^\]]+)\]|([^:]+)):(\d+)$/.exec(text);
  const host = match?.[1] ?? match?.[2];
  const port = Number(match?.[3]);
  if (host === undefined || !(port > 0 && port < 65536))
    throw new SettingsError(`[${section}] listen is '${text}', expected host:port`);
  return { kind: 'tcp', host, port };
}
