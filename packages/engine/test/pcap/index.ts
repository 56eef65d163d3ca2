export { encodeStream, recordedLinks } from './recorded-link';
export type { RecordedLink, RecordedPacket, RecordedStream } from './recorded-link';
