import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SettingsError, parseTcpEndpoint, readSettings } from './settings';

let directory: string;
let path: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'settings-'));
  path = join(directory, 'tsdrbd.ini');
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

const read = (text: string, env: Record<string, string> = {}) => {
  writeFileSync(path, text);
  return readSettings({ TSDRBD_INI: path, ...env });
};

test('an empty file means defaults; the environment comes before the file', () => {
  expect(read('')).toEqual({
    runDir: '/run/tsdrbd',
    logLevel: 'info',
    handlerProgram: 'tsdrbdadm',
    nbdListen: '',
    metricsListen: '',
    deviceFrontend: 'auto',
    deviceDir: '/dev',
  });
  const text = '[daemon]\nrun-dir = /a\nhandler-program = /b\n[metrics]\nlisten = 127.0.0.1:9942\n';
  expect(read(text)).toMatchObject({ runDir: '/a', handlerProgram: '/b', metricsListen: '127.0.0.1:9942' });
  expect(read(text, { TSDRBD_RUN_DIR: '/c', TSDRBD_HANDLER: '/d' })).toMatchObject({
    runDir: '/c',
    handlerProgram: '/d',
  });
});

test.each([
  ['[metrics]\nlissen = 1\n', /tsdrbd\.ini: unknown key 'lissen' in \[metrics\]; known: .*metrics\.listen/],
  ['run-dir = /a\n', /tsdrbd\.ini: 'run-dir' stands outside any section/],
  ['[log]\nlevel = loud\n', /tsdrbd\.ini: \[log\] level is 'loud', expected error \| warn \| info \| debug/],
])('%j is refused with file and key', (text, message) => {
  expect(() => read(text)).toThrow(SettingsError);
  expect(() => read(text)).toThrow(message);
});

test('a file that is asked for must be there', () => {
  expect(() => readSettings({ TSDRBD_INI: join(directory, 'nothing') })).toThrow(/nothing: .*ENOENT/);
});

test('TCP endpoints', () => {
  expect(parseTcpEndpoint('nbd', '')).toBeNull();
  expect(parseTcpEndpoint('nbd', '[::1]:10809')).toEqual({ kind: 'tcp', host: '::1', port: 10809 });
  for (const text of ['10809', 'host', 'host:', 'host:0', 'host:65536', '::1:1', 'host:1x'])
    expect(() => parseTcpEndpoint('metrics', text)).toThrow(`[metrics] listen is '${text}', expected host:port`);
});

describe('block devices', () => {
  test("an engine beside the host's own makes none unless it is told where", () => {
    expect(read('', { TSDRBD_RUN_DIR: '/tmp/alice' })).toMatchObject({ deviceFrontend: 'none' });
    expect(read('[device]\ndirectory = /tmp/dev\n', { TSDRBD_RUN_DIR: '/tmp/alice' })).toMatchObject({
      deviceFrontend: 'auto',
      deviceDir: '/tmp/dev',
    });
    expect(read('', { TSDRBD_RUN_DIR: '/tmp/alice', TSDRBD_DEVICE_DIR: '/tmp/dev' })).toMatchObject({
      deviceFrontend: 'auto',
      deviceDir: '/tmp/dev',
    });
  });

  test('the setting decides, and a wrong word is refused', () => {
    expect(read('[device]\nfrontend = none\n')).toMatchObject({ deviceFrontend: 'none' });
    expect(() => read('[device]\nfrontend = ublk\n')).toThrow("[device] frontend is 'ublk', expected auto | nbd");
  });
});
