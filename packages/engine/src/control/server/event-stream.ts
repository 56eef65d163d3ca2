/**
 * One reader of the event stream. Batches go out as they happen, a line of JSON each.
 *
 * A reader that stalls is cut off: what it has not yet taken is kept here, and that is bounded. What was kept is still
 * its own, then comes a last line, and the stream ends:
 *
 *   {"atMs":1706692272123.4,"events":[],"cutOff":"events were lost: this reader was too slow"}
 */
import type { ServerResponse } from 'node:http';
import type { ControlBackend, ControlEvent } from '../control-backend';
import type { EventBatch } from '../events/object-event';
import { StateTracker, isSynchronised } from '../events/state-tracker';

/** What is kept for one reader. At it, the reader is cut off. */
export const EVENT_QUEUE_BYTES_MAX = 4 * 1024 * 1024;
/** How often a reader hears how far a resync or verify is. DRBD says so at least every 3 s (setup.md 5.5). */
const PROGRESS_MS = 2000;
const CUT_OFF = 'events were lost: this reader was too slow';

export interface EventStreamOptions {
  readonly resourceName?: string;
  readonly queueBytesMax?: number;
}

export interface EventStream {
  /** Ends it; what was told before still goes out as far as the socket takes it. */
  destroy(): void;
}

/**
 * Writes until the reader goes. What happens in one turn of the event loop is written as one, at its end: under load a
 * write(2) for each change would be most of what the change costs.
 */
export function streamEvents(
  response: ServerResponse,
  backend: ControlBackend,
  options: EventStreamOptions,
): EventStream {
  const queueBytesMax = options.queueBytesMax ?? EVENT_QUEUE_BYTES_MAX;
  const tracker = new StateTracker(options.resourceName);
  /** Not yet written. */
  let lines: string[] = [];
  let linesBytes = 0;

  const send = (batch: Omit<EventBatch, 'atMs'>): void => {
    const atMs = performance.timeOrigin + performance.now();
    const line = JSON.stringify({ atMs, ...batch } satisfies EventBatch) + '\n';
    if (lines.length === 0) setImmediate(flush);
    lines.push(line);
    linesBytes += Buffer.byteLength(line);
  };
  const flush = (): void => {
    if (lines.length === 0) return;
    const text = lines.join('');
    lines = [];
    linesBytes = 0;
    if (!response.destroyed && !response.writableEnded) response.write(text);
  };

  response.writeHead(200, { 'content-type': 'application/x-ndjson' });
  for (const events of tracker.start(backend.snapshot())) send({ events });
  flush();
  // The dump is exempt: it is bounded by the configuration, and cutting it off would leave no way to ever read it.
  const allowedBytes = Math.max(queueBytesMax, response.writableLength + 1);
  const tell = (event: ControlEvent): void => {
    const events = tracker.apply(event);
    if (events.length === 0 || response.destroyed || response.writableEnded) return;
    send({ events });
    if (response.writableLength + linesBytes <= allowedBytes) return;
    stop();
    send({ events: [], cutOff: CUT_OFF });
    flush();
    response.end();
  };
  const unsubscribe = backend.subscribe(tell);
  const progress = setInterval(() => {
    if (!tracker.hasProgress) return;
    for (const resource of backend.snapshot().resources)
      if (isSynchronised(resource)) tell({ kind: 'changed', resource });
  }, PROGRESS_MS);
  progress.unref();
  const stop = (): void => {
    unsubscribe();
    clearInterval(progress);
  };
  response.on('close', stop);
  response.on('error', () => response.destroy());
  return {
    destroy: () => {
      flush();
      // A chunk is corked until the next tick, which it would not live to see.
      response.socket?.uncork();
      response.destroy();
    },
  };
}
