import { ControlError } from '@tsdrbd/engine/control/client';
import { diffObjects, objectKey, objectsOf } from '@tsdrbd/engine/control';
import type { ControlObject, EventBatch, NodeState, ObjectEvent } from '@tsdrbd/engine/control';
import { paint } from '../render/color';
import { renderEvent, renderEventJson } from '../render/events2';
import type { EventStyle } from '../render/events2';
import { EXIT_ENGINE_GONE, EXIT_OK, EXIT_USAGE, SetupExit } from '../setup-exit';
import type { CommandContext, QueryCommand } from './command';
import { colorMode } from './status';

interface Printer {
  print(batch: EventBatch): void;
}

/** Source: setup.md 5. */
export const events2: QueryCommand = {
  kind: 'query',
  name: 'events2',
  summary: 'Show the current state and all state changes of a resource, or of all resources.',
  arguments: ['resource-or-all'],
  options: [
    { name: 'timestamps', short: 'T', value: 'none' },
    { name: 'statistics', short: 's', value: 'none' },
    { name: 'now', short: 'n', value: 'none' },
    { name: 'poll', short: 'p', value: 'none' },
    { name: 'full', short: 'f', value: 'none' },
    { name: 'color', short: 'c', value: 'optional' },
    { name: 'diff', short: 'i', value: 'optional' },
    // Ours: a line of JSON each.
    { name: 'json', short: 'j', value: 'none' },
    // The size of a netlink buffer, which there is none of here.
    { name: 'rcvbuf', value: 'required' },
  ],
  async run(context, { resourceOrAll }, options) {
    const { io } = context;
    const style: EventStyle = {
      statistics: options.has('statistics'),
      full: options.has('full'),
      diff: options.has('diff'),
      paint: paint(options.has('json') ? 'never' : colorMode(options), io.stdout.isTTY === true),
    };
    const printer: Printer = {
      print: ({ atMs, events }) => {
        const stamp = options.has('timestamps') ? timestamp(atMs) : undefined;
        const lines = events.map((event) => {
          if (options.has('json')) return renderEventJson(event, style, stamp);
          const line = renderEvent(event, style);
          return line === null || stamp === undefined ? line : `${stamp} ${line}`;
        });
        const text = lines.map((line) => (line === null ? '' : `${line}\n`)).join('');
        if (text !== '') io.stdout.write(text);
      },
    };
    const only = resourceOrAll ?? undefined;
    if (options.has('now')) return dumpNow(context, printer, only, options.has('poll'));
    return follow(context, printer, only, options.has('poll'));
  },
};

/** The dump; with polling once more for each `n` on stdin. */
async function dumpNow(
  context: CommandContext,
  printer: Printer,
  only: string | undefined,
  poll: boolean,
): Promise<number> {
  const dump = async (): Promise<void> => {
    const node = (await context.client.state(only)) ?? { resources: [] };
    printer.print({ atMs: context.io.now(), events: dumpEvents(node) });
  };
  await dump();
  if (!poll) return EXIT_OK;
  for await (const command of pollCommands(context)) {
    if (command !== 'n') break;
    await dump();
  }
  return EXIT_OK;
}

async function follow(
  context: CommandContext,
  printer: Printer,
  only: string | undefined,
  poll: boolean,
): Promise<number> {
  const { client } = context;
  // Whoever listens wants to hear of what is configured later, too: that takes a daemon.
  await client.ensureDaemon();
  const stop = new AbortController();
  const seen = new Map<string, ControlObject[]>();
  if (poll) void answerPolls(context, printer, only, seen, stop);
  try {
    for await (const batch of client.events({
      ...(only !== undefined && { resourceName: only }),
      signal: stop.signal,
    })) {
      // Only a poll asks for it.
      if (poll) for (const event of batch.events) remember(seen, event);
      printer.print(batch);
    }
    return EXIT_OK;
  } catch (error) {
    if (!(error instanceof ControlError)) throw error;
    if (error.code === 'no-daemon') {
      throw new SetupExit(EXIT_ENGINE_GONE, `${only ?? 'all'}: module unloaded\n`);
    }
    if (error.code !== 'cut-off') throw error;
    throw new SetupExit(EXIT_USAGE, 'error desciption: packets droped, socket receive buffer overrun\n');
  }
}

/** `n` asks for the whole state again, printed as changes; anything else ends the command. */
async function answerPolls(
  context: CommandContext,
  printer: Printer,
  only: string | undefined,
  seen: Map<string, ControlObject[]>,
  stop: AbortController,
): Promise<void> {
  for await (const command of pollCommands(context)) {
    if (command !== 'n') break;
    const node = await context.client.state(only).catch(() => null);
    if (node === null) break;
    for (const resource of node.resources) {
      const objects = objectsOf(resource);
      const events = diffObjects(seen.get(resource.name) ?? [], objects);
      seen.set(resource.name, objects);
      printer.print({ atMs: context.io.now(), events });
    }
  }
  stop.abort();
}

async function* pollCommands({ io }: CommandContext): AsyncGenerator<string> {
  for await (const chunk of io.stdin) {
    for (const character of chunk.toString()) if (character !== '\n') yield character;
  }
}

function dumpEvents(node: NodeState): ObjectEvent[] {
  const exists = node.resources.flatMap((resource) =>
    objectsOf(resource).map((object): ObjectEvent => ({ kind: 'exists', object })),
  );
  return [...exists, { kind: 'exists-end' }];
}

/** Keeps what the reader has been told, by resource. */
function remember(seen: Map<string, ControlObject[]>, event: ObjectEvent): void {
  switch (event.kind) {
    case 'exists':
    case 'create':
      return put(seen, event.object);
    case 'change':
      return put(seen, event.after);
    case 'destroy': {
      const name = resourceNameOf(event.object);
      if (event.object.type === 'resource') seen.delete(name);
      else seen.set(name, without(seen.get(name) ?? [], event.object));
      return;
    }
    case 'rename': {
      seen.set(event.newName, seen.get(event.resourceName) ?? []);
      seen.delete(event.resourceName);
      return;
    }
    case 'exists-end':
    case 'helper-call':
    case 'helper-response':
      return;
  }
}

function put(seen: Map<string, ControlObject[]>, object: ControlObject): void {
  const name = resourceNameOf(object);
  seen.set(name, [...without(seen.get(name) ?? [], object), object]);
}

const without = (objects: readonly ControlObject[], gone: ControlObject): ControlObject[] =>
  objects.filter((each) => objectKey(each) !== objectKey(gone));

const resourceNameOf = (object: ControlObject): string =>
  object.type === 'resource' ? object.name : object.resourceName;

/** Local time with microseconds and zone, as in 2024-01-31T10:11:12.123456+01:00. */
export function timestamp(atMs: number): string {
  const at = new Date(atMs);
  const two = (value: number): string => String(Math.floor(value)).padStart(2, '0');
  const micros = String(Math.floor(atMs * 1000) % 1_000_000).padStart(6, '0');
  const zoneMinutes = -at.getTimezoneOffset();
  const zone = `${zoneMinutes < 0 ? '-' : '+'}${two(Math.abs(zoneMinutes) / 60)}:${two(Math.abs(zoneMinutes) % 60)}`;
  const date = `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`;
  return `${date}T${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}.${micros}${zone}`;
}
