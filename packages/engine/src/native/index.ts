export { koffiPath, loadKoffi } from './koffi';
export { startNativeThread } from './native-thread';
export { waitAsync } from './wait-async';
