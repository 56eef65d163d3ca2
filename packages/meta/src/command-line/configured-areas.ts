/** The metadata areas of a resource or volume of drbd.conf. Texts and exit codes: tsdrbdadm's for the same mistakes. */
import type { CliIo, ConfigSource, LoadedConfiguration, MetadataArea, ResolvedResource } from '@tsdrbd/config';
import { EXIT, MetaExit } from '../meta-exit';
import type { CommandName } from './command-table';

export interface AreaRequest {
  readonly command: CommandName;
  /** `r0`, `r0/1`, `minor-3`; null: the only resource. */
  readonly name: string | null;
  /** null: the usual places. */
  readonly configFile: string | null;
}

/** At least one, in the order of the volumes. Errors: MetaExit. */
export async function configuredAreas(
  { command, name, configFile }: AreaRequest,
  io: CliIo,
): Promise<readonly MetadataArea[]> {
  // Loaded here: the original form, which tsdrbdadm and scripts use, starts faster without.
  const library = await import('@tsdrbd/config');
  const config = load(configFile, io, library);
  const resources = config.resolveAll();
  const wanted = name ?? onlyResource(resources, command).name;
  const volumes = library.findVolumes(resources, wanted);
  const [first] = volumes;
  if (first !== undefined) {
    const section = config.find(first.resource.name);
    if (section !== undefined) config.validate(section);
  }
  // What is wrong with the configuration may be why a name is not found.
  tellProblems(config, io);
  if (!config.isValid) throw new MetaExit(config.exitCode);
  if (first === undefined) throw notFound(resources, wanted);
  const areas = library.findMetadataAreas(resources, wanted);
  if (areas.length === 0) {
    throw new MetaExit(
      EXIT.badValue,
      `The ${command} command requires a local disk, but the configuration gives none.`,
    );
  }
  return areas;
}

function load(
  configFile: string | null,
  io: CliIo,
  { loadConfiguration, nodeReader, processSurroundings }: typeof import('@tsdrbd/config'),
): LoadedConfiguration {
  const source: ConfigSource = configFile === null ? { kind: 'search' } : { kind: 'file', path: configFile };
  const surroundings = processSurroundings({ env: io.env, isTerminal: io.stdout.isTTY === true });
  const loaded = loadConfiguration({ source }, { reader: nodeReader(io), surroundings });
  if (loaded.kind === 'loaded') return loaded.config;
  throw new MetaExit(loaded.exitCode, textOf(loaded.diagnostics));
}

type Diagnostics = LoadedConfiguration['diagnostics'];

function textOf(diagnostics: Diagnostics): string {
  return diagnostics
    .filter(({ severity }) => severity !== 'note')
    .map(({ text }) => text)
    .join('\n');
}

function tellProblems(config: LoadedConfiguration, io: CliIo): void {
  const text = textOf(config.diagnostics);
  if (text !== '') io.stderr.write(`${text}\n`);
}

function onlyResource(resources: readonly ResolvedResource[], command: CommandName): ResolvedResource {
  const [only, second] = resources;
  if (only !== undefined && second === undefined) return only;
  const names = resources.map(({ name }) => name).join(', ');
  const what = only === undefined ? 'no resource for this host' : `more than one: ${names}`;
  throw new MetaExit(
    EXIT.usage,
    `${command}: which resource, or the path of which device? The configuration has ${what}.`,
  );
}

/** Exit code 1 as drbdadm's: `adm.md` 1.3. */
function notFound(resources: readonly ResolvedResource[], name: string): MetaExit {
  const volume = /^(.*)\/(\d+)$/.exec(name);
  const owner = resources.find((resource) => resource.name === volume?.[1]);
  return owner === undefined
    ? new MetaExit(EXIT.declined, `'${name}' not defined in your config (for this host).`)
    : new MetaExit(EXIT.declined, `Resource '${owner.name}' has no volume ${volume?.[2]}`);
}
