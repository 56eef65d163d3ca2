/** Command lines that set all options of a kind at once. Source: adm.md 4.3. */
import type { ResolvedOption } from '@tsdrbd/config';
import { NO_OPTIONS } from '../../running-state/running-state';
import type { Command } from '../command';
import { optionWord } from '../emitted-options';
import * as setup from '../setup-commands';

export function peerDeviceToDefaults(
  resourceName: string,
  peerNodeId: string,
  volumeNumber: number,
  options: readonly ResolvedOption[],
  unknown: ReadonlySet<string> = NO_OPTIONS.unknown,
): Command {
  return setup.setupCommand(
    resourceName,
    ['peer-device-options', resourceName, peerNodeId, `${volumeNumber}`, ...toDefaults(options, unknown)],
    'set resync options',
  );
}

/** Everything that is not listed returns to its default. */
export function toDefaults(options: readonly ResolvedOption[], unknown: ReadonlySet<string>): readonly string[] {
  const sent = options.filter(({ name }) => !unknown.has(name));
  return ['--set-defaults', ...sent.map(optionWord)];
}
