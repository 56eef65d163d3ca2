/** What `tsdrbdsetup show` prints, the parser that `adjust` uses reads back: whatever is configured. Source: setup.md 6.5. */
import fc from 'fast-check';
import { defaultValue, optionTable, type OptionRow } from '../packages/config/src/options';
import type { OptionValue, ResourceState } from '../packages/engine/src/control';
import {
  connectionState,
  deviceState,
  pathState,
  peerDeviceState,
  resourceState,
} from '../packages/engine/src/control/testing';
import { renderShow } from '../packages/setup/src/render/show-text';
import { parseRunningState } from '../packages/adm/src/running-state/parse-running-state';

const text = fc.string({ unit: 'grapheme-ascii', maxLength: 20 });

function valueOf({ type }: OptionRow): fc.Arbitrary<OptionValue> {
  switch (type.kind) {
    case 'boolean':
    case 'flag':
      return fc.boolean();
    case 'number':
    case 'minor-reference':
      return fc.integer({ min: type.min, max: Math.min(type.max, Number.MAX_SAFE_INTEGER) });
    case 'enum':
      return fc.constantFrom(...type.words);
    case 'number-or-word':
      return fc.oneof(fc.integer({ min: type.min, max: type.max }), fc.constantFrom(...Object.keys(type.words)));
    case 'string':
      return text;
  }
}

const some = (rows: readonly OptionRow[]): fc.Arbitrary<Record<string, OptionValue>> =>
  fc
    .record(Object.fromEntries(rows.map((row) => [row.name, valueOf(row)])), { requiredKeys: [] })
    .map((values) =>
      Object.fromEntries(
        Object.entries(values).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
      ),
    );

const net = optionTable.net.filter(({ name }) => name !== '_name');

const resource: fc.Arbitrary<ResourceState> = fc
  .record({
    options: some(optionTable.resource),
    disk: some(optionTable.disk),
    device: some(optionTable.device),
    net: some(net),
    peerDevice: some(optionTable['peer-device']),
    metaIndex: fc.constantFrom('internal' as const, 'flexible' as const, 0, 7),
    path: text.filter((path) => path !== ''),
    connectionState: fc.constantFrom('StandAlone' as const, 'Connecting' as const, 'Connected' as const),
  })
  .map((given) =>
    resourceState({
      options: given.options,
      devices: [
        deviceState({
          minor: 3,
          backing: { dataDevice: `/dev/${given.path}`, metaDevice: `/dev/${given.path}`, metaIndex: given.metaIndex },
          diskOptions: given.disk,
          deviceOptions: given.device,
        }),
      ],
      connections: [
        connectionState({
          connectionState: given.connectionState,
          netOptions: given.net,
          paths: [pathState({ local: { family: 'ipv6', address: 'fd00::1', port: 7000 } })],
          peerDevices: [peerDeviceState({ options: given.peerDevice })],
        }),
      ],
    }),
  );

/** As drbd.conf writes it. */
function word({ type }: OptionRow, value: OptionValue): string {
  if (typeof value === 'boolean') return value ? 'yes' : 'no';
  return type.kind === 'number' && type.unit !== '1' ? `${value}${type.unit}` : String(value);
}

/** Options of both, sorted; where the defaults are hidden, those that have another value. */
function expected(
  rows: readonly OptionRow[],
  values: Readonly<Record<string, OptionValue>>,
  defaults: 'shown' | 'hidden',
): string[] {
  return rows
    .map((row) => ({ row, value: values[row.name] ?? defaultValue(row.type) }))
    .filter(({ row, value }) => defaults === 'shown' || value !== defaultValue(row.type))
    .map(({ row, value }) => `${row.name}=${word(row, value)}`)
    .sort();
}

test.each(['hidden', 'shown'] as const)('with defaults %s', (defaults) => {
  fc.assert(
    fc.property(resource, (state) => {
      const [read, ...others] = parseRunningState(renderShow({ resources: [state] }, { defaults }), 'show');
      expect(others).toEqual([]);
      const [volume] = read?.volumes ?? [];
      const [connection] = read?.connections ?? [];
      const [device] = state.devices;
      const [peer] = state.connections;
      const names = (options?: { readonly settings: readonly { readonly name: string; readonly value: string }[] }) =>
        options?.settings.map(({ name, value }) => `${name}=${value}`).sort();

      expect(read?.name).toBe('r0');
      expect(names(read?.options)).toEqual(expected(optionTable.resource, state.options, defaults));
      expect(volume).toMatchObject({ number: 0, minor: 3, disk: device?.backing?.dataDevice });
      const metaIndex = device?.backing?.metaIndex;
      expect(volume?.metaDisk.kind).toBe(typeof metaIndex === 'number' ? 'indexed' : metaIndex);
      expect(names(volume?.options)).toEqual(
        [
          ...expected(optionTable.disk, device?.diskOptions ?? {}, defaults),
          ...expected(optionTable.device, device?.deviceOptions ?? {}, defaults),
        ].sort(),
      );
      expect(connection).toMatchObject({
        peerNodeId: '1',
        state: peer?.connectionState,
        paths: [{ local: { family: 'ipv6', address: 'fd00::1', port: '7000' } }],
      });
      expect(names(connection?.options)).toEqual(
        [...expected(net, peer?.netOptions ?? {}, defaults), '_name=bob'].sort(),
      );
      const options = peer?.peerDevices[0]?.options ?? {};
      expect(names(connection?.peerDevices[0]?.options) ?? []).toEqual(
        expected(optionTable['peer-device'], options, defaults),
      );
    }),
    { numRuns: 100 },
  );
});
