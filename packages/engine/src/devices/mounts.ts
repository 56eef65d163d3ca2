/** What is mounted where, from /proc/self/mountinfo. Asking a file system itself could wait for ever, if it is ours. */
import { readFileSync } from 'node:fs';

export interface MountEntry {
  /** `major:minor` of the device that is mounted. */
  readonly deviceNumber: string;
  readonly mountPoint: string;
  readonly type: string;
  readonly source: string;
}

export const readMounts = (): MountEntry[] => parseMountInfo(readFileSync('/proc/self/mountinfo', 'utf8'));

/** Source: proc_pid_mountinfo(5). */
export function parseMountInfo(text: string): MountEntry[] {
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => {
      const [before = '', after = ''] = line.split(' - ');
      const fields = before.split(' ');
      const [type = '', source = ''] = after.split(' ');
      return {
        deviceNumber: fields[2] ?? '',
        mountPoint: unescaped(fields[4] ?? ''),
        type,
        source: unescaped(source),
      };
    });
}

/** Blanks are `\040` there, and so on. */
const unescaped = (text: string): string =>
  text.replace(/\\([0-7]{3})/g, (_all, digits: string) => String.fromCharCode(parseInt(digits, 8)));
