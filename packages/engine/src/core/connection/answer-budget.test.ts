import { ANSWER_BYTES_MAX, AnswerBudget, WAITING_MAX } from './answer-budget';

const MIB = 1024 * 1024;

function budget() {
  let unsentBytes = 0;
  const finishers: (() => void)[] = [];
  const answers = new AnswerBudget(() => unsentBytes);
  const ask = (): boolean => answers.enter(MIB, (finished) => void finishers.push(finished));
  return { answers, ask, finishers, send: (bytes: number) => (unsentBytes += bytes) };
}

test('requests beyond the limit wait until answers are handed over and sent', () => {
  const { answers, ask, finishers, send } = budget();
  for (let i = 0; i < 40; i++) expect(ask()).toBe(true);
  expect(finishers).toHaveLength(ANSWER_BYTES_MAX / MIB);
  // Handed to the link, but not sent: the room is still taken.
  for (const finished of finishers.slice(0, 8)) {
    send(MIB);
    finished();
  }
  expect(finishers).toHaveLength(32);
  send(-8 * MIB);
  answers.resume();
  expect(finishers).toHaveLength(40);
});

test('no more wait than a peer may have under way', () => {
  const { ask } = budget();
  let accepted = 0;
  while (ask()) accepted++;
  expect(accepted).toBe(WAITING_MAX + ANSWER_BYTES_MAX / MIB);
});

test('what was asked on a lost link does not count on the next one', () => {
  const { answers, ask, finishers } = budget();
  for (let i = 0; i < 40; i++) ask();
  answers.connectionLost();
  expect(answers.heldBytes).toBe(0);
  for (const finished of finishers.splice(0)) finished();
  expect(answers.heldBytes).toBe(0);
  expect(finishers).toHaveLength(0);
  ask();
  expect(finishers).toHaveLength(1);
});
