/**
 * State changes that both nodes must agree to: asking the peer, and answering it.
 *
 * One request at a time per volume (P_STATE_CHG_REQ) or per connection (P_CONN_ST_CHG_REQ). Where both ask at once, the
 * node that resolves conflicts refuses the other.
 *
 * Source: wire.md 10.
 */
import { Conn, StateMask, StateResult as SS, stateResults, unpackState, type StateChangeRequest } from '../../wire';
import type { PeerDevice } from '../peer-device/peer-device';
import type { Connection } from './connection';
import { mayBeAsked, overlay, translate } from './peer-view';

/** A volume number, or the connection as a whole. */
type Key = number | 'connection';

export class StateRequests {
  private readonly pending = new Map<Key, (retcode: number) => void>();

  constructor(private readonly connection: Connection) {}

  /** Asks the peer to agree. `done` gets an SS_* code; a peer that goes away agrees by going. */
  request(scope: PeerDevice | 'connection', mask: number, value: number, done: (retcode: number) => void): void {
    const key: Key = scope === 'connection' ? 'connection' : scope.device.volume;
    if (this.pending.has(key)) return done(SS.SS_CONCURRENT_ST_CHG);
    this.pending.set(key, (retcode) => {
      this.pending.delete(key);
      done(retcode);
    });
    const connectionWide = scope === 'connection' && this.connection.version >= 100;
    this.connection.sendData({
      kind: connectionWide ? 'ConnStChgReq' : 'StateChgReq',
      volume: scope === 'connection' ? 0 : scope.device.volume,
      mask,
      value,
    });
  }

  replied(key: Key, retcode: number): boolean {
    // Below protocol 100 there is one answer for both kinds of request, and one request at a time.
    const waiter =
      this.pending.get(key) ?? (this.connection.version < 100 ? this.pending.get('connection') : undefined);
    if (waiter === undefined) return false;
    waiter(retcode);
    return true;
  }

  peerRequests(peerDevice: PeerDevice, packet: StateChangeRequest): void {
    const reply = (retcode: number): void =>
      this.connection.sendMeta({ kind: 'StateChgReply', volume: packet.volume, retcode });
    if (this.connection.resolvesConflicts && this.pending.has(peerDevice.device.volume))
      return reply(SS.SS_CONCURRENT_ST_CHG);
    const mask = translate(packet.mask);
    const value = translate(packet.value);
    if (this.connection.version < 100 && isDisconnect(mask, value)) return this.disconnect(mask, value, reply);
    if (!mayBeAsked(mask, value, CONNS_OF_VOLUME)) return reply(SS.SS_NOT_SUPPORTED);
    const retcode = this.connection.resource.states.request((view, before) =>
      view.peerDevice === peerDevice ? overlay(before, mask, value) : null,
    );
    if (retcode < SS.SS_SUCCESS)
      this.connection.log('info', `refused the peer's state change: ${stateResults.name(retcode)}`);
    reply(retcode);
  }

  peerRequestsForConnection(packet: StateChangeRequest): void {
    const reply = (retcode: number): void =>
      this.connection.sendMeta({ kind: 'ConnStChgReply', volume: packet.volume, retcode });
    if (this.connection.resolvesConflicts && this.pending.has('connection')) return reply(SS.SS_CONCURRENT_ST_CHG);
    const mask = translate(packet.mask);
    const value = translate(packet.value);
    if (!isDisconnect(mask, value)) return reply(SS.SS_NOT_SUPPORTED);
    this.disconnect(mask, value, reply);
  }

  private disconnect(mask: number, value: number, reply: (retcode: number) => void): void {
    if (!mayBeAsked(mask, value, [Conn.TearDown])) return reply(SS.SS_NOT_SUPPORTED);
    const { connection } = this;
    const retcode = connection.resource.states.request(
      (view, before) => (view.peerDevice?.connection === connection ? overlay(before, mask, value) : null),
      { connection, conn: Conn.TearDown },
    );
    reply(retcode);
    if (retcode >= SS.SS_SUCCESS) connection.peerDisconnects();
  }

  /** The peer went away: that is its consent. */
  connectionLost(): void {
    for (const waiter of [...this.pending.values()]) waiter(SS.SS_CW_NO_NEED);
  }
}

const CONNS_OF_VOLUME: readonly number[] = [Conn.StartingSyncS, Conn.StartingSyncT, Conn.VerifyT];

const isDisconnect = (mask: number, value: number): boolean =>
  (mask & StateMask.conn) === StateMask.conn && unpackState(value).conn === Conn.TearDown;
