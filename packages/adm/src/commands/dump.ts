/** dump: the configuration in its normal form. Source: adm.md 2.5. */
import { dumpConfiguration, dumpResource, type DumpOptions } from '@tsdrbd/config';
import { AdmExit, EXIT } from '../adm-exit';
import type { RunContext } from '../run-context';
import { ResourceWords } from './resource-words';

export function dump(context: RunContext): number {
  const { invocation, io, hostName } = context;
  const { command, settings, resourceWords } = invocation;
  if (command === 'dump-xml') throw new AdmExit(EXIT.failed, 'dump-xml is not available in this version');
  const options: DumpOptions = { detail: settings.verbosity > 0 ? 'expanded' : 'written', nodeName: hostName };
  if (resourceWords.length === 0 || resourceWords[0] === 'all') return dumpAll(context, options);

  const words = new ResourceWords(command, context.directory);
  words.enableConnections(resourceWords);
  let worst: number = EXIT.ok;
  for (const word of resourceWords) {
    const found = words.lookUp(word);
    if (found.kind === 'error') {
      io.stderr.write(`${found.message}\n`);
      worst = EXIT.usage;
      continue;
    }
    const section = context.sections.find(({ name }) => name === found.target.resource.name);
    if (section === undefined) continue;
    context.checkSection(section);
    // An address that is not here is told, but who asks for a resource by name gets it all the same.
    const problem = context.addressProblem(section, 'named');
    if (problem !== null) io.stderr.write(`${problem}\n`);
    context.computePeers(section);
    io.stdout.write(dumpResource(section, options));
  }
  return worst;
}

function dumpAll(context: RunContext, options: DumpOptions): number {
  const { configuration, io } = context;
  for (const section of configuration.resources) context.checkSection(section);
  const problems = context.sections.flatMap((section) => context.addressProblem(section, 'all') ?? []);
  for (const problem of problems) io.stderr.write(`${problem}\n`);
  if (problems.length > 0) return EXIT.config;
  io.stdout.write(dumpConfiguration(configuration, options));
  return EXIT.ok;
}
