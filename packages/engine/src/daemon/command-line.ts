/**
 * tsdrbdd's own options. Started without any, as by the other programs, it does not load this file.
 */
import yargs from 'yargs';
import { version } from '../../package.json';

export type CommandLine =
  /** Run, with these variables before those of the environment. */
  | { readonly kind: 'run'; readonly env: Readonly<Record<string, string>> }
  /** Print and end. */
  | { readonly kind: 'ended'; readonly exitCode: number; readonly stdout: string; readonly stderr: string };

const EXIT_USAGE = 20;

export async function parseCommandLine(argv: readonly string[]): Promise<CommandLine> {
  let output = '';
  let failure: string | null = null;
  const parsed = await yargs()
    .scriptName('tsdrbdd')
    .usage(
      '$0 [options]\n\nThe replication engine of one node. Stays in the foreground; the other programs start it on demand.',
    )
    .option('run-dir', {
      type: 'string',
      requiresArg: true,
      describe: 'directory of the control socket, the log and the NBD sockets (default /run/tsdrbd)',
    })
    .option('settings', { type: 'string', requiresArg: true, describe: 'instead of /etc/tsdrbd.ini' })
    .epilogue('Environment: TSDRBD_RUN_DIR, TSDRBD_INI, TSDRBD_HANDLER. Ends cleanly on SIGTERM and SIGINT.')
    .locale('en')
    .parserConfiguration({ 'duplicate-arguments-array': false, 'camel-case-expansion': false })
    .version(`tsdrbdd ${version}`)
    .help()
    .strict()
    .exitProcess(false)
    .fail((message, error) => {
      failure = message || String(error);
    })
    .parse([...argv], {}, (_error: unknown, _parsed: unknown, text: string) => {
      output = text;
    });
  if (failure !== null) {
    return { kind: 'ended', exitCode: EXIT_USAGE, stdout: '', stderr: `tsdrbdd: ${failure}\n(tsdrbdd --help)\n` };
  }
  if (output !== '') return { kind: 'ended', exitCode: 0, stdout: `${output}\n`, stderr: '' };
  const env: Record<string, string> = {};
  if (parsed['run-dir'] !== undefined) env['TSDRBD_RUN_DIR'] = parsed['run-dir'];
  if (parsed.settings !== undefined) env['TSDRBD_INI'] = parsed.settings;
  return { kind: 'run', env };
}
