import { HandlerQueue } from './handler-queue';

beforeEach(() => void jest.useFakeTimers());
afterEach(() => jest.useRealTimers());

test('eight run at once; the others follow in order as those end', () => {
  const queue = new HandlerQueue();
  const started: number[] = [];
  const ends: (() => void)[] = [];
  for (let call = 0; call < 200; call++) {
    queue.add((ended) => {
      started.push(call);
      ends.push(ended);
    });
  }
  expect(started).toHaveLength(8);
  for (let at = 0; at < 200; at++) ends[at]?.();
  expect(started).toEqual(Array.from({ length: 200 }, (_, call) => call));
});

test('behind handlers that hang, one that has waited for three seconds runs', () => {
  const queue = new HandlerQueue();
  let started = 0;
  const add = (): void => queue.add(() => void (started += 1));
  for (let call = 0; call < 8; call++) add();
  add();
  jest.advanceTimersByTime(2999);
  expect(started).toBe(8);
  jest.advanceTimersByTime(1);
  expect(started).toBe(9);
});
