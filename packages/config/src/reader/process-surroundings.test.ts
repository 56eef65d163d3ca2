import { processSurroundings } from './process-surroundings';

test('configurations that require a module find the one that the engine stands for, or the one that the environment names', () => {
  const moduleVersionWith = (env: Record<string, string>) =>
    processSurroundings({ env, isTerminal: false }).moduleVersion;
  expect(moduleVersionWith({})).toBe('9.3.3');
  expect(moduleVersionWith({ DRBD_DRIVER_VERSION_OVERRIDE: '9.1.0' })).toBe('9.1.0');
});
