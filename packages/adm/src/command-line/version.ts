/** What scripts that ask for a version get: that of the drbd-utils whose behaviour tsdrbd has. */
import { MODULE_VERSION } from '@tsdrbd/config/module-version';
import { shellEscape } from '../execute/command-text';

/** `major << 16 | minor << 8 | patch` of VERSION_TEXT. */
export const VERSION_CODE = 0x092200;
export const VERSION_TEXT = '9.34.0';
export const BUILD_TAG = 'tsdrbd';

/** What `--version` prints, to be evaluated by a shell. Source: adm.md 1.1. */
export function versionText(moduleVersion = MODULE_VERSION): string {
  return [
    `DRBDADM_BUILDTAG=${shellEscape(`GIT-hash: ${BUILD_TAG}`)}`,
    'DRBDADM_API_VERSION=2',
    `DRBD_KERNEL_VERSION_CODE=${hex6(versionCode(moduleVersion))}`,
    `DRBD_KERNEL_VERSION=${moduleVersion}`,
    `DRBDADM_VERSION_CODE=${hex6(VERSION_CODE)}`,
    `DRBDADM_VERSION=${VERSION_TEXT}`,
  ]
    .map((line) => `${line}\n`)
    .join('');
}

function versionCode(text: string): number {
  const [major = 0, minor = 0, patch = 0] = text.split('.').map((part) => Number.parseInt(part, 10) || 0);
  return (major << 16) | (minor << 8) | patch;
}

function hex6(value: number): string {
  return `0x${value.toString(16).padStart(6, '0')}`;
}
