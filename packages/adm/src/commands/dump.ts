/** dump and dump-xml: the configuration in its normal form. Source: adm.md 2.5. */
import {
  dumpConfiguration,
  dumpConfigurationXml,
  dumpResource,
  dumpResourceXml,
  type Configuration,
  type DumpDetail,
  type DumpOptions,
  type ResourceSection,
} from '@tsdrbd/config';
import { EXIT } from '../adm-exit';
import type { RunContext } from '../run-context';
import { ResourceWords } from './resource-words';

interface DumpForm {
  configuration(configuration: Configuration): string;
  resource(section: ResourceSection): string;
}

function textForm(options: DumpOptions): DumpForm {
  return {
    configuration: (configuration) => dumpConfiguration(configuration, options),
    resource: (section) => dumpResource(section, options),
  };
}

function xmlForm(detail: DumpDetail): DumpForm {
  return {
    configuration: (configuration) => dumpConfigurationXml(configuration, detail),
    resource: (section) => dumpResourceXml(section, detail),
  };
}

export function dump(context: RunContext): number {
  const { invocation, io, hostName } = context;
  const { command, settings, resourceWords } = invocation;
  const detail = settings.verbosity > 0 ? 'expanded' : 'written';
  const form = command === 'dump' ? textForm({ detail, nodeName: hostName }) : xmlForm(detail);
  if (resourceWords.length === 0 || resourceWords[0] === 'all') return dumpAll(context, form);

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
    io.stdout.write(form.resource(section));
  }
  return worst;
}

function dumpAll(context: RunContext, form: DumpForm): number {
  const { configuration, io } = context;
  for (const section of configuration.resources) context.checkSection(section);
  const problems = context.sections.flatMap((section) => context.addressProblem(section, 'all') ?? []);
  for (const problem of problems) io.stderr.write(`${problem}\n`);
  if (problems.length > 0) return EXIT.config;
  io.stdout.write(form.configuration(configuration));
  return EXIT.ok;
}
