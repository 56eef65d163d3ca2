/**
 * One reader of the event stream. Batches go out as they happen, a line of JSON each.
 *
 * A reader that stalls is cut off: what it has not yet taken is kept here, and that is bounded. It learns of the loss
 * because the stream ends without the daemon being gone, as DRBD's readers do when their receive buffer overruns.
 */
import type { ServerResponse } from 'node:http';
import type { ControlBackend, ControlEvent } from '../control-backend';
import type { EventBatch, ObjectEvent } from '../events/object-event';
import { StateTracker } from '../events/state-tracker';

/** What is kept for one reader. At it, the reader is cut off. */
export const EVENT_QUEUE_BYTES_MAX = 4 * 1024 * 1024;

export interface EventStreamOptions {
  readonly resourceName?: string;
  readonly queueBytesMax?: number;
}

/** Writes until the reader goes. */
export function streamEvents(response: ServerResponse, backend: ControlBackend, options: EventStreamOptions): void {
  const queueBytesMax = options.queueBytesMax ?? EVENT_QUEUE_BYTES_MAX;
  const tracker = new StateTracker(options.resourceName);

  const send = (events: readonly ObjectEvent[]): void => {
    if (events.length === 0 || response.destroyed) return;
    const batch: EventBatch = { atMs: performance.timeOrigin + performance.now(), events };
    response.write(JSON.stringify(batch) + '\n');
    // The dump is exempt: it is bounded by the configuration, and cutting it off would leave no way to ever read it.
  };
  const cutOffIfStalled = (): void => {
    if (response.writableLength > queueBytesMax) response.destroy();
  };

  response.writeHead(200, { 'content-type': 'application/x-ndjson' });
  for (const events of tracker.start(backend.snapshot())) send(events);
  const dumpBytes = response.writableLength;
  const stop = backend.subscribe((event: ControlEvent) => {
    send(tracker.apply(event));
    if (response.writableLength > dumpBytes) cutOffIfStalled();
  });
  response.on('close', stop);
  response.on('error', () => response.destroy());
}
