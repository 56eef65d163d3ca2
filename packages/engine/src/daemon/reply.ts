import type { ControlReply } from '../control';

export const reply = (code: number, ...messages: string[]): ControlReply => ({ code, messages });

export const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
