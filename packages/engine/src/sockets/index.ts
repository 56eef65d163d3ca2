export { pooledSocket, type Received } from './pooled-socket';
