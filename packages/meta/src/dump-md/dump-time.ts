/** `2026-11-22 05:42:46 +0000 [1795326166]`, in the time zone of the environment. Source: metadata.md 8.1. */
export function dumpTime(nowMs: number, timeZone: string | undefined): string {
  const seconds = Math.floor(nowMs / 1000);
  const offsetMinutes = timeZone === 'UTC' ? 0 : -new Date(nowMs).getTimezoneOffset();
  const local = new Date(nowMs + offsetMinutes * 60_000).toISOString();
  const sign = offsetMinutes < 0 ? '-' : '+';
  const pad = (n: number): string => String(n).padStart(2, '0');
  const zone = `${sign}${pad(Math.floor(Math.abs(offsetMinutes) / 60))}${pad(Math.abs(offsetMinutes) % 60)}`;
  return `${local.slice(0, 10)} ${local.slice(11, 19)} ${zone} [${seconds}]`;
}
