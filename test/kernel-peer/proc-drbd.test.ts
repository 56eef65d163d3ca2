import { parseProcDrbd } from './proc-drbd';

test('states and counters of every volume are read, whatever stands between them', () => {
  const volumes = parseProcDrbd(
    [
      'version: 8.4.11 (api:1/proto:86-101)',
      'srcversion: F73C670A7EC572DB9CF3E5B ',
      ' 0: cs:SyncSource ro:Primary/Secondary ds:UpToDate/Inconsistent C r-----',
      '    ns:5844 nr:0 dw:0 dr:5844 al:8 bm:0 lo:0 pe:0 ua:0 ap:0 ep:1 wo:f oos:59652',
      "\t[=>..................] sync'ed: 12.5% (59652/65496)K",
      '\tfinish: 0:00:49 speed: 1,168 (1,168) K/sec',
      ' 1: cs:WFConnection ro:Secondary/Unknown ds:Inconsistent/DUnknown C r----s',
      '    ns:0 nr:0 dw:0 dr:0 al:8 bm:0 lo:0 pe:0 ua:0 ap:0 ep:1 wo:f oos:65496',
      ' 2: cs:Unconfigured',
      '',
    ].join('\n'),
  );
  expect(volumes.get(0)).toMatchObject({ conn: 'SyncSource', role: 'Primary', peerRole: 'Secondary', oosKib: 59652 });
  expect(volumes.get(0)?.counters).toMatchObject({ ns: 5844, ap: 0, al: 8 });
  expect(volumes.get(1)).toMatchObject({ disk: 'Inconsistent', peerDisk: 'DUnknown', flags: 'r----s', oosKib: 65496 });
  expect(volumes.get(2)).toMatchObject({ conn: 'Unconfigured', role: '' });
});
