/** `tsdrbdadm dump | head -1`: a program whose reader has left ends as by SIGPIPE, without a word. */
import { spawn } from 'node:child_process';
import { bundle } from './support/programs';

test.each(['tsdrbdadm', 'tsdrbdsetup', 'tsdrbdmeta'] as const)('%s', async (program) => {
  const child = spawn(process.execPath, [bundle(program), '--help'], { stdio: ['ignore', 'pipe', 'pipe'] });
  child.stdout.destroy();
  let complaint = '';
  child.stderr.on('data', (text: Buffer) => (complaint += text.toString()));
  const exitCode = await new Promise((resolve) => child.on('close', resolve));
  expect({ exitCode, complaint }).toEqual({ exitCode: 141, complaint: '' });
});
