import { pino } from 'pino';
import { terminalLog } from './terminal-log';

function logged(colorLevel: 0 | 1, log: (to: pino.Logger) => void): string {
  let text = '';
  const stream = terminalLog(colorLevel, (line) => (text += line));
  log(pino({ level: 'debug', base: null, timestamp: pino.stdTimeFunctions.isoTime }, stream));
  return text;
}

test('a line is clock, subject, text, and what else there is', () => {
  expect(logged(0, (log) => log.info({ subject: 'r0/0 drbd0' }, 'disk( Diskless -> Attaching )'))).toMatch(
    /^\d\d:\d\d:\d\d\.\d{3} r0\/0 drbd0 disk\( Diskless -> Attaching \)\n$/,
  );
  expect(logged(0, (log) => log.info({ pid: 7 }, 'started'))).toMatch(/ started \{"pid":7\}\n$/);
  expect(logged(0, (log) => log.error({ err: new Error('boom') }, 'shutdown'))).toMatch(/ shutdown: boom\n$/);
});

test('warnings are yellow, errors red', () => {
  expect(logged(1, (log) => log.warn('careful'))).toContain('\x1b[33mcareful\x1b[39m');
  expect(logged(1, (log) => log.error('broken'))).toContain('\x1b[31mbroken\x1b[39m');
  expect(logged(0, (log) => log.error('broken'))).not.toContain('\x1b');
});
