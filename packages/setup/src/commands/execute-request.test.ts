import { describeReply } from './execute-request';

/** Sources: setup.md 3.1, 3.3, 3.4. */
test.each([
  [101, [], '', 0],
  [101, ['careful'], 'warnings from kernel:\ncareful\n', 0],
  [1, [], '', 0],
  [3, ['why'], 'additional info from kernel:\nwhy\n', 0],
  [0, [], 'r0: State change failed: (0)unknown error.\n', 11],
  [-1, [], 'r0: State change failed: (-1) Multiple primaries not allowed by config\n', 11],
  [-2, [], 'r0: State change failed: (-2) Need access to UpToDate data\n', 17],
  [-4, [], 'r0: State change failed: (-4) Can not resync without local disk\n', 16],
  [-16, [], 'r0: State change failed: (-16) Disk state is lower than outdated\n', 5],
  [-3, [], 'r0: Error code -3 unknown.\nYou should update the drbd userland tools.\n', 20],
  [-29, [], 'r0: Error code -29 unknown.\nYou should update the drbd userland tools.\n', 20],
  [177, [], 'r0: Error code 177 unknown.\nYou should update the drbd userland tools.\n', 20],
  [
    162,
    ['unknown connection'],
    'r0: Failure: (162) Invalid configuration request\nadditional info from kernel:\nunknown connection\n',
    10,
  ],
  [
    119,
    ['Meta data magic not found. Did you "drbdadm create-md"?'],
    'r0: Failure: (119) No valid meta-data signature found.\n\n\t==> Use \'drbdadm create-md res\' to initialize meta-data area. <==\n\nadditional info from kernel:\nMeta data magic not found. Did you "drbdadm create-md"?\n',
    10,
  ],
])('code %i, texts %j', (code, messages, text, exitCode) => {
  expect(describeReply('r0', { code, messages })).toEqual({ text, exitCode });
});
