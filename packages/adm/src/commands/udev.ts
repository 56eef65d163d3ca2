/** What `sh-udev` prints: names for the device, to be read by udev. Source: adm.md 2.4. */
import type { ResolvedResource, ResolvedVolume } from '@tsdrbd/config';

export function udevText(resource: ResolvedResource, volume: ResolvedVolume, alwaysUsesVolumeNumber: boolean): string {
  const device = volume.deviceName.startsWith('/dev/drbd')
    ? volume.deviceName.slice('/dev/'.length)
    : `drbd${volume.minor}`;
  const numbered = !volume.isImplicit || alwaysUsesVolumeNumber;
  const byResource = `drbd/by-res/${resource.name}${numbered ? `/${volume.number}` : ''}`;
  const lines = [`DEVICE=${device}`, `SYMLINK=${byResource}`, `SYMLINK_BY_RES=${byResource}`];
  if (volume.backing !== null) {
    lines.push(`SYMLINK_BY_DISK=drbd/by-disk/${volume.backing.disk.replace(/^\/dev\//, '')}`);
  }
  return lines.map((line) => `${line}\n`).join('');
}
