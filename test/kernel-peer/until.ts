/** Waits for states: asks again and again, and fails with what was seen last. */
const POLL_MS = 100;

export async function until<T>(
  what: string,
  ask: () => Promise<T> | T,
  holds: (seen: T) => boolean,
  timeoutMs = 30_000,
): Promise<T> {
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    const seen = await ask();
    if (holds(seen)) return seen;
    if (performance.now() > deadline) {
      const last = typeof seen === 'string' ? seen : JSON.stringify(seen, null, 1);
      throw new Error(`not within ${timeoutMs} ms: ${what}; seen last: ${last}`);
    }
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}
