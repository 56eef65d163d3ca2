/** `resync-after RESOURCE[/VOLUME]` is a minor number for the engine. Source: config.md 7.4. */
import type { ResourceSection } from '../model';
import { report, type ParseRun } from '../parser/parse-run';

/** Puts minor numbers in the place of names, in the own volumes; an unknown name is dropped with a message. */
export function resolveResyncAfter(run: ParseRun, resource: ResourceSection): void {
  for (const volume of resource.me?.volumes ?? []) {
    volume.diskOptions = volume.diskOptions.flatMap((option) => {
      if (option.name !== 'resync-after' || option.value === undefined) return [option];
      const minor = minorOf(run, resource, option.value);
      return minor === undefined ? [] : [{ ...option, value: String(minor) }];
    });
  }
}

function minorOf(run: ParseRun, resource: ResourceSection, value: string): number | undefined {
  const where = `${resource.position.file}:${resource.position.line}: in resource ${resource.name}:`;
  const slash = value.lastIndexOf('/');
  const name = slash < 0 ? value : value.slice(0, slash);
  const target = run.configuration.resources.find((candidate) => candidate.name === name);
  if (target?.me === undefined) {
    const here = target === undefined ? '' : ' on this host';
    const severity = run.surroundings.isTerminal ? 'late' : 'warning';
    report(run, severity, `${where}\n\tresource '${value}' mentioned in 'resync-after' option is not known${here}.`);
    return undefined;
  }
  const { volumes } = target.me;
  if (slash < 0 && volumes.length > 1) {
    const text = `resync-after contains '${value}', which is ambiguous, since it contains ${volumes.length} volumes`;
    report(run, 'late', `${where}\n\t${text}`);
    return undefined;
  }
  const found = slash < 0 ? volumes[0] : volumes.find((volume) => volume.vnr === Number(value.slice(slash + 1)));
  if (found?.minor === undefined) {
    const severity = run.surroundings.isTerminal ? 'late' : 'warning';
    report(run, severity, `${where}\n\tresource '${value}' mentioned in 'resync-after' option is not known.`);
  }
  return found?.minor;
}
