/** System calls that Node lacks, through koffi. None of those here can sleep for long: they touch no file system of ours. */
import { closeSync } from 'node:fs';
import { getSystemErrorName } from 'node:util';
import { loadKoffi } from '../native';
import { encodeDeviceNumber, type DeviceNumber } from './device-numbers';

export interface DeviceSystemCalls {
  /** Sends a generic netlink message to the kernel and gives its first answer. Throws an error with `code`. */
  netlinkExchange(message: Buffer): Buffer;
  /** A block node. Throws an error with `code`. */
  makeBlockNode(path: string, deviceNumber: DeviceNumber, mode: number): void;
  /** Fills the start of the buffer; gives the bytes read, or minus errno. The descriptor must not be one that sleeps. */
  read(fd: number, into: Uint8Array): number;
  /**
   * Tells the kernel that this thread, and those it starts, write out what others wait for: its own memory is never got by
   * writing to a device that it serves. Needs CAP_SYS_RESOURCE. Throws an error with `code`. Source: PR_SET_IO_FLUSHER(2const).
   */
  becomeIoFlusher(): void;
  /** A descriptor that poll(2) finds readable once `8 bytes, 1` were written to it. */
  eventFd(): number;
}

const AF_NETLINK = 16;
const SOCK_RAW_CLOEXEC = 3 | 0o2000000;
const NETLINK_GENERIC = 16;
/** The kernel's longest answers to what we ask have some hundred bytes. */
const NETLINK_ANSWER_MAX_BYTES = 16 * 1024;
const S_IFBLK = 0o060000;
const EFD_CLOEXEC = 0o2000000;
const PR_SET_IO_FLUSHER = 57;

let loaded: DeviceSystemCalls | undefined;

export function deviceSystemCalls(): DeviceSystemCalls {
  loaded ??= bind(loadKoffi());
  return loaded;
}

function bind(koffi: typeof import('koffi')): DeviceSystemCalls {
  const libc = koffi.load('libc.so.6');
  const mknod = libc.func('int mknod(const char *path, unsigned int mode, uint64_t device)');
  const socket = libc.func('int socket(int domain, int type, int protocol)');
  const send = libc.func('long send(int fd, void *message, size_t length, int flags)');
  const recv = libc.func('long recv(int fd, void *into, size_t length, int flags)');
  const eventfd = libc.func('int eventfd(unsigned int initial, int flags)');
  const prctl = libc.func('int prctl(int option, unsigned long, unsigned long, unsigned long, unsigned long)');
  const read = libc.func('long read(int fd, void *into, size_t length)');
  const checked = (result: number, call: string): number => {
    if (result !== -1) return result;
    const code = getSystemErrorName(-koffi.errno());
    throw Object.assign(new Error(`${code}: ${call}`), { code });
  };
  return {
    read: (fd, into) => {
      const result = read(fd, into, into.length) as number;
      return result === -1 ? -koffi.errno() : result;
    },
    becomeIoFlusher: () => void checked(prctl(PR_SET_IO_FLUSHER, 1, 0, 0, 0) as number, 'prctl(PR_SET_IO_FLUSHER)'),
    netlinkExchange: (message) => {
      const fd = checked(socket(AF_NETLINK, SOCK_RAW_CLOEXEC, NETLINK_GENERIC) as number, 'socket(AF_NETLINK)');
      try {
        checked(send(fd, message, message.length, 0) as number, 'send to netlink');
        const answer = Buffer.alloc(NETLINK_ANSWER_MAX_BYTES);
        return answer.subarray(0, checked(recv(fd, answer, answer.length, 0) as number, 'receive from netlink'));
      } finally {
        closeSync(fd);
      }
    },
    makeBlockNode: (path, deviceNumber, mode) =>
      void checked(mknod(path, S_IFBLK | mode, encodeDeviceNumber(deviceNumber)) as number, `mknod '${path}'`),
    eventFd: () => checked(eventfd(0, EFD_CLOEXEC) as number, 'eventfd'),
  };
}
