/** Steps on a volume's disk that more than one command takes. */
import type { ResolvedBacking, ResolvedResource, ResolvedVolume } from '@tsdrbd/config';
import { run, type Step } from './command';
import { metaCommand } from './meta-commands';
import * as setup from './setup-commands';

/** Before every attach the metadata is put in order; each step's failure ends it. Source: adm.md 5.3. */
export function attachSteps(
  resource: ResolvedResource,
  volume: ResolvedVolume,
  backing: ResolvedBacking,
  backend: readonly string[],
): readonly Step[] {
  return [
    run(metaCommand('repair-md', resource, volume, backing, { backend })),
    run(metaCommand('apply-al', resource, volume, backing, { backend })),
    run(setup.attach(resource, volume, backing, backend)),
  ];
}

/** Source: adm.md 5.4. */
export function resizeSteps(
  resource: ResolvedResource,
  volume: ResolvedVolume,
  backend: readonly string[],
): readonly Step[] {
  return [
    run(setup.resize(resource, volume, backend)),
    { kind: 'run-result-ignored', command: setup.checkResize(resource, volume) },
  ];
}
