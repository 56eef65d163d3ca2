/** Commands that are done at once, one target after the other. Source: adm.md 1.3, 1.9. */
import { AdmExit, EXIT } from '../adm-exit';
import { handlerSteps } from '../handlers/handler';
import type { Step } from '../plan/command';
import type { RunContext } from '../run-context';
import { ResourceWords, type LookUp } from './resource-words';
import { stepsFor } from './steps';
import type { Target } from './target';

/** From here on nothing else is tried. */
const FATAL_FROM = 20;

export async function runImmediate(context: RunContext): Promise<number> {
  const { invocation, configuration } = context;
  return await forTargets(context, (target) => {
    if (invocation.command === 'sh-udev' && target.origin === 'all') {
      return [{ kind: 'complain', exitCode: EXIT.usage, message: 'volume not specified' }];
    }
    return stepsFor(target, {
      command: invocation.command,
      backend: invocation.backendOptions,
      verbosity: invocation.settings.verbosity,
      udevAlwaysUsesVolumeNumber: configuration.global.udevAlwaysUseVnr,
      hostName: context.hostName,
    });
  });
}

export async function runHandlers(context: RunContext): Promise<number> {
  const { invocation, configuration, io } = context;
  return await forTargets(context, ({ resource }) =>
    handlerSteps(invocation.command, resource, configuration.file, io.env),
  );
}

async function forTargets(context: RunContext, stepsOf: (target: Target) => readonly Step[]): Promise<number> {
  let worst: number = EXIT.ok;
  for (const found of targetsOf(context)) {
    if (found.kind === 'error') {
      context.io.stderr.write(`${found.message}\n`);
      worst = Math.max(worst, EXIT.usage);
      continue;
    }
    context.validate(found.target);
    const exitCode = await context.executor.runSteps(stepsOf(found.target));
    if (exitCode >= FATAL_FROM) return exitCode;
    worst = Math.max(worst, exitCode);
  }
  return worst;
}

/** In the order of the words, or of the configuration. Errors: AdmExit 1 when there is nothing to do. */
export function* targetsOf(context: RunContext): Generator<LookUp> {
  const { command, resourceWords } = context.invocation;
  if (resourceWords[0] === 'all' || resourceWords.length === 0) {
    for (const target of allTargets(context)) yield { kind: 'target', target };
    return;
  }
  const words = new ResourceWords(command, context.directory);
  words.enableConnections(resourceWords);
  for (const word of resourceWords) yield words.lookUp(word);
}

function allTargets(context: RunContext): readonly Target[] {
  const { configuration } = context;
  if (configuration.resources.length === 0) throw new AdmExit(EXIT.usage, 'no resources defined!');
  if (context.selectable().length === 0) {
    // What is wrong with the configuration goes first.
    configuration.resources.slice(0, 1).forEach((section) => context.checkSection(section));
    throw nothingSelectable(context);
  }
  return context.selectableResources().map((resource) => ({
    resource,
    volume: null,
    peer: null,
    volumes: resource.volumes,
    connections: resource.connections,
    origin: 'all',
  }));
}

function nothingSelectable({ configuration, sections, isProxyCommand, hostName, invocation }: RunContext): AdmExit {
  if (invocation.settings.stacked) {
    return new AdmExit(EXIT.usage, `WARN: nothing stacked for this host (${hostName}), nothing to do in stacked mode!`);
  }
  const someIgnored = isProxyCommand || configuration.resources.length > sections.length;
  const hint = someIgnored ? "\nMisspelled name of the local machine with the 'on' keyword ?" : '';
  return new AdmExit(EXIT.usage, `WARN: no normal resources defined for this host (${hostName})!?${hint}`);
}
