/**
 * The device (or file) that carries the metadata, as the commands see it. Offsets and lengths are bytes.
 * Errors of the operating system are thrown as they come (with `code`).
 */
export interface MetaDevice {
  readonly path: string;
  readonly kind: 'block' | 'file';
  readonly sizeBytes: number;
  /** Fills up with nothing: the range must exist. */
  read(offsetBytes: number, lengthBytes: number): Uint8Array;
  write(offsetBytes: number, bytes: Uint8Array): void;
  /** Makes the range read as zero, without occupying space where the device can do that. */
  writeZeroes(offsetBytes: number, lengthBytes: number): void;
  /** All writes before are stable afterwards. */
  flush(): void;
  close(): void;
}

/**
 * `exclusive`: nobody else uses it, neither an engine nor a mount; `locked`: no engine does, whatever else may;
 * `slot`: no engine has all of it, others may have slots of their own; `shared`: no matter who.
 */
export type DeviceAccess = 'exclusive' | 'locked' | 'slot' | 'shared';

/** Why a device could not be opened; `code` is the name of an errno, or ELOCKED: an engine uses it. */
export class OpenError extends Error {
  constructor(
    readonly code: string,
    message: string,
  ) {
    super(message);
    this.name = 'OpenError';
  }
}
