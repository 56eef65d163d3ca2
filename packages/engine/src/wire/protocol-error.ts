/**
 * A violation of the protocol by the peer, as a value: bad bytes never throw. The connection has to be dropped.
 *
 * - bad-magic: the header is none of those allowed now
 * - bad-header: right magic, but the pad of header100 is not 0
 * - unknown-command: no packet of this dialect
 * - unexpected-packet: a known packet on the wrong socket, outside of the agreed version, or at the wrong time
 * - no-features: what came first on the data socket is not the peer's offer, so there is no common language
 * - wrong-length: length and command do not fit
 * - bad-value: a field out of range
 * - bad-bitmap: a bitmap packet that does not fit the transfer
 */
export interface ProtocolError {
  readonly kind: 'ProtocolError';
  readonly code:
    | 'bad-magic'
    | 'bad-header'
    | 'unknown-command'
    | 'unexpected-packet'
    | 'no-features'
    | 'wrong-length'
    | 'bad-value'
    | 'bad-bitmap';
  readonly message: string;
}

export function protocolError(code: ProtocolError['code'], message: string): ProtocolError {
  return { kind: 'ProtocolError', code, message };
}
