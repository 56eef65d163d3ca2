/** Serves one file over NBD on a Unix socket until SIGTERM: `serve-file FILE SOCKET`. For scripts/bench-nbd.mjs. */
import { createNbdServer } from '../../src/export';
import { openBackingDevice } from '../../src/storage';
import { createDeviceVolume } from './device-volume';

const [file, socket] = process.argv.slice(2);
if (file === undefined || socket === undefined) throw new Error('usage: serve-file FILE SOCKET');

const device = await openBackingDevice(file);
const volume = createDeviceVolume({ name: 'r0/0' }, device);
const server = createNbdServer(
  { exports: { find: () => volume, list: () => [volume] } },
  { report: (event) => event.kind === 'broken' && console.error(event.client.description, event.reason) },
);
await server.listen({ kind: 'unix', path: socket });
console.log('ready');
process.once('SIGTERM', () => {
  void server.close('forced').then(() => device.close(() => process.exit(0)));
});
