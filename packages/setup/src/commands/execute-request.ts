/** Sends one request and prints what came of it. Sources: setup.md 2.6, 3.1, 3.3. */
import { NO_ERROR, SS, SS_SUCCESS, isSuccess, replyText } from '@tsdrbd/engine/control';
import type { ControlReply, ControlRequest } from '@tsdrbd/engine/control';
import {
  EXIT_FAILURE,
  EXIT_NO_LOCAL_DISK,
  EXIT_NO_UP_TO_DATE_DATA,
  EXIT_OK,
  EXIT_STATE_CHANGE,
  EXIT_USAGE,
  EXIT_WAIT_TIMEOUT,
} from '../setup-exit';
import type { CommandContext } from './command';

const FIRST_FAILURE = NO_ERROR + 1;
const LAST_FAILURE = 176;
const LAST_REFUSAL = -28;

/** While a state is in transit the request is repeated: first after 1/16 s, then ever slower, for about 10 s in all. */
const RETRY_MS_FIRST = 1000 / 16;
const RETRY_MS_TOTAL = 10_000;

export interface ExecuteOptions {
  /** Failure codes that count as success here. */
  readonly silent?: readonly number[];
}

/** The exit code. Throws ControlError. */
export async function executeRequest(
  context: CommandContext,
  objectName: string,
  request: ControlRequest,
  options: ExecuteOptions = {},
): Promise<number> {
  const reply = await executeWithRetry(context, request);
  if (options.silent?.includes(reply.code)) return EXIT_OK;
  const { text, exitCode } = describeReply(objectName, reply);
  if (text !== '') context.io.stderr.write(text);
  return exitCode;
}

async function executeWithRetry({ client }: CommandContext, request: ControlRequest): Promise<ControlReply> {
  let waitedMs = 0;
  for (let waitMs = RETRY_MS_FIRST; ; waitMs *= 2) {
    const reply = await client.execute(request);
    if (reply.code !== SS.SS_IN_TRANSIENT_STATE || waitedMs + waitMs > RETRY_MS_TOTAL) return reply;
    await new Promise((resolve) => setTimeout(resolve, waitMs));
    waitedMs += waitMs;
  }
}

/** What goes to stderr, and the exit code. */
export function describeReply(
  objectName: string,
  { code, messages }: ControlReply,
): { text: string; exitCode: number } {
  const infos = messages.map((message) => `${message}\n`).join('');
  const additional = infos === '' ? '' : `additional info from kernel:\n${infos}`;
  if (code === NO_ERROR || code === SS_SUCCESS) {
    return { text: infos === '' ? '' : `warnings from kernel:\n${infos}`, exitCode: EXIT_OK };
  }
  if (isSuccess(code)) return { text: additional, exitCode: EXIT_OK };
  if (code === 0) {
    return {
      text: `${objectName}: State change failed: (0)unknown error.\n${additional}`,
      exitCode: EXIT_STATE_CHANGE,
    };
  }
  const text = replyText(code);
  if (text !== undefined && code < 0 && code >= LAST_REFUSAL) {
    return {
      text: `${objectName}: State change failed: (${code}) ${text}\n${additional}`,
      exitCode: refusalExit(code),
    };
  }
  if (text !== undefined && code >= FIRST_FAILURE && code <= LAST_FAILURE) {
    return { text: `${objectName}: Failure: (${code}) ${text}\n${additional}`, exitCode: EXIT_FAILURE };
  }
  const unknown = `${objectName}: Error code ${code} unknown.\nYou should update the drbd userland tools.\n`;
  return { text: unknown + additional, exitCode: EXIT_USAGE };
}

function refusalExit(code: number): number {
  if (code === SS.SS_NO_UP_TO_DATE_DISK) return EXIT_NO_UP_TO_DATE_DATA;
  if (code === SS.SS_NO_LOCAL_DISK) return EXIT_NO_LOCAL_DISK;
  if (code === SS.SS_LOWER_THAN_OUTDATED) return EXIT_WAIT_TIMEOUT;
  return EXIT_STATE_CHANGE;
}
