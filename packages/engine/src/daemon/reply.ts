import type { ControlReply } from '../control';

export const reply = (code: number, ...messages: string[]): ControlReply => ({ code, messages });
