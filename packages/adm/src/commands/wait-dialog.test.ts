/** What drbdadm 9.22 wrote to a terminal on which `no` and then `yes` was typed, second by second. */
import { EventEmitter } from 'node:events';
import { defaultGlobalSettings, type Configuration, type GlobalSettings } from '@tsdrbd/config';
import { WaitDialog } from './wait-dialog';

const QUESTION = `
***************************************************************
 DRBD's startup script waits for the peer node(s) to appear.
 - If this node was already a degraded cluster before the
   reboot, the timeout is 20 seconds. [degr-wfc-timeout]
 - If the peer was available before the reboot, the timeout
   is 30 seconds. [wfc-timeout]
   (These values are for resource 'r0'; 0 sec -> wait forever)
 To abort waiting enter 'yes' [ -- ]: `;
const AGAIN = ` To abort waiting enter 'yes' [ -- ]:`;
const seconds = (count: number) => `\u001b[s\u001b[31G[  ${count}]:\u001b[u`;

class Keyboard extends EventEmitter {
  pause(): void {
    this.emit('paused');
  }

  type(text: string): void {
    this.emit('data', Buffer.from(text));
  }
}

/** `answered` is true once the user has had enough. */
function dialogWith({
  global = {},
  input = 'keyboard',
}: {
  global?: Partial<GlobalSettings>;
  input?: 'keyboard' | 'none';
}) {
  const keyboard = new Keyboard();
  let text = '';
  const startup = [
    { name: 'wfc-timeout', value: '30', inherited: false },
    { name: 'degr-wfc-timeout', value: '20', inherited: false },
  ];
  const dialog = new WaitDialog({
    configuration: {
      global: { ...defaultGlobalSettings(), ...global },
      resources: [{ name: 'r0', startup }],
    } as unknown as Configuration,
    output: { write: (piece) => void (text += piece) },
    input: input === 'none' ? null : (keyboard as unknown as NodeJS.ReadableStream),
    now: () => Date.now(),
  });
  const outcome = { answered: false };
  void dialog.aborted.then(() => (outcome.answered = true));
  const written = () => {
    const piece = text;
    text = '';
    return piece;
  };
  return { dialog, keyboard, outcome, written };
}

beforeEach(() => jest.useFakeTimers());
afterEach(() => jest.useRealTimers());

it('asks after ten dots, counts, asks again after any other word, and ends with yes', async () => {
  const { dialog, keyboard, outcome, written } = dialogWith({});
  await jest.advanceTimersByTimeAsync(9_999);
  expect(written()).toBe('.........');
  await jest.advanceTimersByTimeAsync(1);
  expect(written()).toBe(`.${QUESTION}${seconds(10)}`);
  await jest.advanceTimersByTimeAsync(2_000);
  expect(written()).toBe(seconds(11) + seconds(12));
  keyboard.type('no\n');
  expect(written()).toBe(AGAIN + seconds(12));
  keyboard.type(' yes\nYES\nyes \n');
  expect(written()).toBe((AGAIN + seconds(12)).repeat(3));
  await jest.advanceTimersByTimeAsync(1_000);
  expect(written()).toBe(seconds(13));
  expect(outcome.answered).toBe(false);
  keyboard.type('ye');
  keyboard.type('s\n');
  await jest.advanceTimersByTimeAsync(0);
  expect(outcome.answered).toBe(true);
  dialog.end();
  expect(written()).toBe('\n');
});

it('ends where the peers come, before the question or after it', async () => {
  for (const afterMs of [3_000, 12_000]) {
    const { dialog, written } = dialogWith({});
    await jest.advanceTimersByTimeAsync(afterMs);
    written();
    dialog.end();
    await jest.advanceTimersByTimeAsync(20_000);
    expect(written()).toBe('\n');
  }
});

it.each([
  [0, ''],
  [3, seconds(13) + seconds(16)],
])('draws the seconds every dialog-refresh seconds: %d', async (dialogRefresh, drawn) => {
  const { dialog, written } = dialogWith({ global: { dialogRefresh } });
  await jest.advanceTimersByTimeAsync(10_000);
  expect(written()).toBe(`..........${QUESTION}${seconds(10)}`);
  await jest.advanceTimersByTimeAsync(7_000);
  expect(written()).toBe(drawn);
  dialog.end();
});

it.each(['\u0003', '\u0004'])('takes three of %j for yes', async (control) => {
  const { dialog, keyboard, outcome } = dialogWith({});
  await jest.advanceTimersByTimeAsync(10_000);
  keyboard.type(control + control);
  await jest.advanceTimersByTimeAsync(0);
  expect(outcome.answered).toBe(false);
  keyboard.type(control);
  await jest.advanceTimersByTimeAsync(0);
  expect(outcome.answered).toBe(true);
  dialog.end();
});

it('says how to end it where nobody can be asked', async () => {
  const { dialog, written } = dialogWith({ input: 'none' });
  await jest.advanceTimersByTimeAsync(12_000);
  expect(written()).toContain(` To abort waiting for DRBD connections, kill this process: kill ${process.pid}`);
  dialog.end();
});
