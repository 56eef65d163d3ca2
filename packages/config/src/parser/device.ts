/** `device [NAME] [minor N];` and what a device may be called. Source: config.md 3, 7.1. */
import type { VolumeSection } from '../model';
import { leadingInteger } from './integer';
import type { TokenStream } from './token-stream';

/** `foreign`: in the section of another host, where names are not looked at. */
export type DeviceOwner = 'mine' | 'foreign';

/** The word `device` has been read. */
export function parseDevice(tokens: TokenStream, volume: VolumeSection, owner: DeviceOwner): void {
  const token = tokens.next();
  // A token that is neither a name nor `minor` is swallowed, as in the original.
  const isNamed = !tokens.is('minor');
  if (isNamed && token.kind !== 'string') return;
  volume.device = undefined;
  volume.minor = undefined;
  if (isNamed) {
    volume.device = token.text.startsWith('drbd') ? `/dev/${token.text}` : token.text;
    if (owner === 'mine' && !volume.device.startsWith('/dev/drbd')) {
      const text = 'device name must start with /dev/drbd\n\t(/dev/ is optional, but drbd is required)';
      tokens.late(text, tokens.statementLine);
    }
    tokens.next();
  }
  if (tokens.is('minor')) {
    volume.minor = leadingInteger(tokens.expectInteger());
    tokens.expectPunctuation(';');
  } else if (!tokens.is(';')) {
    throw tokens.expected('minor | ;', 'without-number');
  }
  volume.written.device = tokens.statementPosition();
  if (volume.device !== undefined) checkName(tokens, volume, volume.device, owner);
}

function checkName(tokens: TokenStream, volume: VolumeSection, device: string, owner: DeviceOwner): void {
  const line = tokens.statementLine;
  const numbered = /^\/dev\/drbd([0-9]+)$/.exec(device)?.[1];
  const nameMinor = numbered === undefined ? undefined : unsigned32(numbered);
  const explicitMinor = volume.minor;
  volume.minor ??= nameMinor ?? tokens.run.surroundings.minorOfDeviceNode?.(device);
  if (volume.minor === undefined) {
    tokens.late('no minor given nor device name contains a minor number', line);
    return;
  }
  if (owner === 'foreign') return;
  if (explicitMinor !== undefined && nameMinor !== undefined && nameMinor !== explicitMinor) {
    tokens.late(
      'explicit minor number must match with device name\n' +
        `\tTry "device /dev/drbd${explicitMinor} minor ${explicitMinor};",\n` +
        '\tor leave off either device name or explicit minor.\n' +
        '\tArbitrary device names must start with /dev/drbd_\n' +
        "\tmind the '_'! (/dev/ is optional, but drbd_ is required)",
      line,
    );
    return;
  }
  if (nameMinor !== undefined) return;
  if (device.startsWith('/dev/drbd_')) {
    tokens.warn(
      'arbitrary device names (/dev/drbd_...) are no longer generated from current udev rules.\n' +
        `\tYou may need to manually mknod ${device} b 147 ${volume.minor}\n` +
        '\tYou should no longer use them.',
      line,
    );
  } else {
    tokens.late('explicit device names should be of the form /dev/drbd<minor>', line);
  }
}

function unsigned32(digits: string): number {
  const number = Number(digits);
  return number < 2 ** 32 ? number : Number(BigInt.asUintN(32, BigInt(digits)));
}
