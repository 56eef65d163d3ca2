/** Option values as `show` writes them, and which of them it lists where. Sources: setup.md 6.1, 9. */
import {
  defaultValue,
  deviceOptions,
  diskOptions,
  netOptions,
  peerDeviceOptions,
  resourceOptions,
} from '@tsdrbd/config/options';
import type { OptionRow } from '@tsdrbd/config/options';
import type {
  ConnectionState,
  DeviceState,
  OptionValue,
  OptionValues,
  PeerDeviceState,
  ResourceState,
} from '@tsdrbd/engine/control';
import { yesNo } from './words';

export interface ShownOption {
  readonly row: OptionRow;
  readonly value: OptionValue;
  readonly isDefault: boolean;
}

export const resourceShown = (resource: ResourceState): ShownOption[] => shown(resourceOptions, resource.options);

/** Disk options only with a disk; device options always. */
export function deviceShown(device: DeviceState): ShownOption[] {
  const disk = device.backing === null ? [] : shown(diskOptions, device.diskOptions);
  return [...disk, ...shown(deviceOptions, device.deviceOptions)];
}

export function netShown(connection: ConnectionState): ShownOption[] {
  return shown(netOptions, { ...connection.netOptions, _name: connection.name });
}

export const peerDeviceShown = (peerDevice: PeerDeviceState): ShownOption[] =>
  shown(peerDeviceOptions, peerDevice.options);

function shown(rows: readonly OptionRow[], values: OptionValues): ShownOption[] {
  return rows.map((row) => {
    const byDefault = defaultValue(row.type);
    const value = values[row.name] ?? byDefault;
    return { row, value, isDefault: value === byDefault };
  });
}

export const quoted = (text: string): string => `"${text.replace(/["\\]/g, '\\$&')}"`;

/** Numbers with their unit letter, strings quoted. */
export function valueWord({ row: { type }, value }: ShownOption): string {
  if (typeof value === 'boolean') return yesNo(value);
  switch (type.kind) {
    case 'number':
      return type.unit === '1' ? String(value) : `${value}${type.unit}`;
    case 'string':
      return quoted(String(value));
    default:
      return String(value);
  }
}

/** In JSON everything but a boolean is a string; a flag is the word yes or no. */
export function jsonValue(option: ShownOption): string | boolean {
  const { type } = option.row;
  if (type.kind === 'boolean') return option.value === true;
  return type.kind === 'string' ? String(option.value) : valueWord(option);
}
