/** Random valid configurations are accepted, and what dump writes of them is read as the same configuration. */
import fc from 'fast-check';
import { dump, loadConfiguration, memoryReader, type Surroundings } from '../src';
import { recordingHost } from './golden-cases';
import { randomConfiguration } from './random-configuration';

const RUNS = 400;

/** Floating sections are nobody's here. */
const surroundings: Surroundings = { ...recordingHost('alice'), addressState: () => 'absent' };

function dumpOf(text: string): string {
  const loaded = loadConfiguration(
    { source: { kind: 'file', path: '/drbd.conf' } },
    { reader: memoryReader({ '/drbd.conf': text }), surroundings },
  );
  if (loaded.kind === 'refused') throw new Error(loaded.diagnostics.map((diagnostic) => diagnostic.text).join('\n'));
  const { stdout, exitCode, messages } = dump(loaded.config, {
    nodeName: 'alice',
    names: [],
    addresses: 'unchecked',
    format: 'text',
    detail: 'written',
    inheritance: 'hidden',
  });
  if (exitCode !== 0) {
    throw new Error([...loaded.config.diagnostics.map(({ text: said }) => said), ...messages].join('\n'));
  }
  // The one thing that differs: on which line a resource is defined.
  return stdout.replace(/^(# defined at .*):\d+$/gm, '$1');
}

it('survives dump, parse and dump unchanged', () => {
  fc.assert(
    fc.property(randomConfiguration(), (text) => {
      const first = dumpOf(text);
      expect(dumpOf(first)).toBe(first);
    }),
    { numRuns: RUNS },
  );
});
