/** What drbdadm says to one mistake each; recorded from drbdadm 9.22 where the two versions agree. */
import { loadConfiguration, memoryReader } from '..';

function said(text: string): string {
  const loaded = loadConfiguration(
    { source: { kind: 'stdin', text } },
    {
      reader: memoryReader({}),
      surroundings: { nodeName: 'alice', moduleVersion: '9.1.0', isTerminal: false, addressState: () => 'up' },
    },
  );
  const diagnostics = loaded.kind === 'refused' ? loaded.diagnostics : loaded.config.diagnostics;
  return diagnostics.map((diagnostic) => diagnostic.text).join('\n');
}

function conflict(what: string, key: string): string {
  return `STDIN:1: conflicting use of ${what} '${key}' ...\nSTDIN:1: ${what} '${key}' first used here.`;
}

function expected(what: string, got: string): string {
  return `STDIN:1: Parse error: '${what}' expected,\n\tbut got '${got}'`;
}

const TOP = 'global | common | resource | skip | include |\n\trequire-drbd-module-version-{eq,ne,gt,ge,lt,le}';

it.each([
  ['resource r { on alice { address 10.0.0.1:1; address bogus; } }', conflict('address statement', 'r:alice:address')],
  ['resource r { on alice { device minor 1; device bogus x; } }', conflict('device statement', 'r:alice:device')],
  ['resource r { on alice { disk /dev/a; disk net; } }', conflict('disk statement', 'r:alice:disk')],
  ['resource r { on alice { node-id 0; node-id on } }', expected('TK_INTEGER', 'on') + ' (TK 260)'],
  ['resource r { on alice { node-id 1; } on bob { node-id 1 x } }', conflict('node-id', 'r:1')],
  ['resource r { device minor 1; device net x; }', conflict('device statement', 'r:device')],
  ['resource r { net { } net x }', conflict('net section', 'r:net')],
  ['resource r { protocol C; protocol D; }', conflict('protocol statement', 'r: protocol')],
  ['resource r { on alice { address 10.0.0.1:1 } }', expected(';', '}') + ' (TK 125)'],
  ['resource r { on { } }', expected('TK_STRING', '{') + ' (TK 123)'],
  ['resource r { on alice x } }', expected("TK_STRING | '{'", '}') + ' (TK 125)'],
  ['resource r { on net { } }', expected("TK_STRING | '{'", 'net') + ' (TK 262)'],
  ['resource r { connection { volume 0 { } } }', expected('TK_DISK', '}') + ' (TK 125)'],
  ['global { } global x', conflict('global section', 'global')],
  ['common { } common x', expected('{', 'x') + ' (TK 281)'],
  ['common { } common {', conflict('resource section', 'common')],
  ['resource r { } resource r x', expected('{', 'x') + ' (TK 281)'],
  ['skip } a { b { x } c } d', expected(TOP, 'c')],
  ['skip } { { a } } x', expected(TOP, '}')],
  ['skip } a { b } c', 'STDIN:1: reached eof while parsing this skip block.'],
  ['skip a b { "}" { } } # rest', ''],
  [
    'resource r { device minor 1; disk /dev/a; on alice { node-id 0; address 10.0.0.1:1; } connection-mesh { hosts x alice y; } }',
    "STDIN:1: in resource r:\n\tThere is no 'on' section for hostname 'x' named in the connection-mesh",
  ],
])('%s', (text, message) => expect(said(text)).toBe(message));

it('says how a value is wrong, and goes on', () => {
  expect(said('common {\n net {\n timeout 0;\n fencing no; ko-count -1;\n } }')).toBe(
    [
      "STDIN:3: Parse error: while parsing value ('0')\nfor timeout. Value is too small.",
      "STDIN:4: Parse error: while parsing value ('no')\nfor fencing. Value is not valid.\n" +
        'Allowed values are: dont-care | resource-only | resource-and-stonith',
      "STDIN:4: Parse error: while parsing value ('-1')\nfor ko-count. Value is too big.",
    ].join('\n'),
  );
});
