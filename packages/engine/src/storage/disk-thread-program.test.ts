/** The thread's loop, run in this one with calls that stand still where the test wants them to. */
import {
  CONTROL,
  CONTROL_BYTES,
  type DiskThreadData,
  diskThreadProgram,
  ENTRY_FIELDS,
  FIELD,
  OPERATION,
} from './disk-thread-program';

const ENTRY_COUNT = 4;
const VECTORS_PER_ENTRY = 1;

/** Flushes, each of which calls what is given for it, then the end. */
function run(flushes: readonly ((control: Int32Array) => void)[]): Int32Array {
  const entriesBytes = ENTRY_COUNT * ENTRY_FIELDS * 8;
  const shared = new SharedArrayBuffer(CONTROL_BYTES + entriesBytes + ENTRY_COUNT * VECTORS_PER_ENTRY * 16);
  const control = new Int32Array(shared, 0, CONTROL_BYTES / 4);
  const entries = new Float64Array(shared, CONTROL_BYTES, ENTRY_COUNT * ENTRY_FIELDS);
  flushes.forEach((_, n) => (entries[n * ENTRY_FIELDS + FIELD.operation] = OPERATION.flush));
  entries[flushes.length * ENTRY_FIELDS + FIELD.operation] = OPERATION.stop;
  control[CONTROL.submitted] = flushes.length + 1;
  const workerData: DiskThreadData = {
    shared,
    koffiPath: 'koffi',
    entryCount: ENTRY_COUNT,
    entryFields: ENTRY_FIELDS,
    controlBytes: CONTROL_BYTES,
    vectorsPerEntry: VECTORS_PER_ENTRY,
  };
  const calls = [...flushes];
  const fdatasync = (): number => {
    calls.shift()?.(control);
    return 0;
  };
  const libc = { func: (signature: string) => (signature.includes('fdatasync') ? fdatasync : () => -1) };
  const modules: Readonly<Record<string, unknown>> = {
    'node:worker_threads': { workerData },
    koffi: { load: () => libc, errno: () => 0 },
  };
  diskThreadProgram(((name: string) => modules[name]) as NodeJS.Require);
  return control;
}

const waitAsync = (Atomics as unknown as { waitAsync: (...args: unknown[]) => { value: string | Promise<string> } })
  .waitAsync;
const soon = (): Promise<string> => new Promise((resolve) => setTimeout(() => resolve('asleep'), 200));

test('the event loop, asleep, is woken', async () => {
  let woken: unknown;
  run([
    (control) => {
      control[CONTROL.waiting] = 1;
      woken = waitAsync(control, CONTROL.completed, 0).value;
    },
  ]);
  expect(await Promise.race([woken, soon()])).toBe('ok');
});

test('a completion between the flag and the sleep does not take the wake-up of the one after it', async () => {
  let woken: unknown;
  run([
    (control) => {
      // It has decided to wait, and is not asleep yet when this one completes.
      control[CONTROL.waiting] = 1;
    },
    (control) => {
      woken = waitAsync(control, CONTROL.completed, 1).value;
    },
  ]);
  expect(await Promise.race([woken, soon()])).toBe('ok');
});

test('an event loop that is awake is left alone', () => {
  const notify = jest.spyOn(Atomics, 'notify');
  run([() => undefined, () => undefined]);
  expect(notify).not.toHaveBeenCalled();
  notify.mockRestore();
});
