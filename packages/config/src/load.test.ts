import { loadConfiguration, memoryReader, type Surroundings } from '.';

const surroundings: Surroundings = {
  nodeName: 'alice',
  moduleVersion: '9.2.0',
  isTerminal: false,
  addressState: () => 'up',
};

function load(files: Readonly<Record<string, string>>, more: { excludedFiles?: string[]; testFiles?: string[] } = {}) {
  const loaded = loadConfiguration(
    { source: { kind: 'search' }, ...more },
    { reader: memoryReader(files), surroundings },
  );
  const diagnostics = loaded.kind === 'loaded' ? loaded.config.diagnostics : loaded.diagnostics;
  return {
    names: loaded.kind === 'loaded' ? loaded.config.configuration.resources.map(({ name }) => name) : [],
    exitCode: loaded.kind === 'loaded' ? loaded.config.exitCode : loaded.exitCode,
    said: diagnostics.map(({ text }) => text),
  };
}

function resource(name: string, minor: number): string {
  return `resource ${name} { device minor ${minor}; disk /dev/${name}; on alice { address 10.0.0.1:${minor}; } on bob { address 10.0.0.2:${minor}; } }\n`;
}

it('reads the first file of the list that is there', () => {
  expect(load({ '/etc/drbd-84.conf': resource('new', 1), '/etc/drbd.conf': resource('old', 1) }).names).toEqual([
    'new',
  ]);
  expect(load({}).said).toEqual(["Can not open '/etc/drbd.conf': No such file or directory"]);
  expect(load({}).exitCode).toBe(10);
});

it('reads every file once, relative to the including one', () => {
  const files = {
    '/etc/drbd.conf': 'include "drbd.d/*.res";\ninclude "drbd.d/a.res";\n',
    '/etc/drbd.d/a.res': `${resource('a', 1)}include "sub/b.res";\n`,
    '/etc/drbd.d/sub/b.res': `${resource('b', 2)}include "../../drbd.conf";\n`,
  };
  expect(load(files)).toEqual({ names: ['a', 'b'], exitCode: 0, said: [] });
});

it('names a file with an error as it was found, and other errors by the canonical name', () => {
  const files = { '/etc/drbd.conf': 'include "d/*";\ninclude "none.conf";\n', '/etc/d/x': '\n\nbad' };
  expect(load(files).said[0]).toMatch(/^d\/x:3: Parse error/);
  expect(load({ '/etc/drbd.conf': 'include "none.conf";\n' })).toEqual({
    names: [],
    exitCode: 10,
    said: ["/etc/drbd.conf:1: Failed to open include file 'none.conf'."],
  });
});

it('reads test files after the main file, and excluded ones never', () => {
  const files = {
    '/etc/drbd.conf': 'include "d/*.res";',
    '/etc/d/a.res': resource('a', 1),
    '/new.res': resource('a', 5),
  };
  expect(load(files, { testFiles: ['/new.res'], excludedFiles: ['/etc/d/a.res'] })).toEqual({
    names: ['a'],
    exitCode: 0,
    said: [],
  });
  expect(load(files, { testFiles: ['/new.res'] }).said[0]).toMatch(/conflicting use of resource section 'a'/);
});

it('reads a thousand resources in a moment', () => {
  const text = Array.from({ length: 1000 }, (_, index) => resource(`r${index}`, index + 1)).join('');
  const started = performance.now();
  expect(load({ '/etc/drbd.conf': text }).names).toHaveLength(1000);
  // Under 100 ms on an idle machine; the bound only catches a wrong order of growth.
  expect(performance.now() - started).toBeLessThan(2000);
});

describe('a template', () => {
  const user = resource('r', 1).replace('{', '{ template-file "a.tpl";');

  it('that is its own is refused, and says where', () => {
    const { exitCode, said } = load({ '/etc/drbd.conf': user, '/etc/a.tpl': 'common { template-file "a.tpl"; }' });
    expect(exitCode).toBe(10);
    expect(said.at(-1)).toMatch(/^a\.tpl:1: conflicting use of resource section 'template-template-/);
  });

  it('that is its own by way of another is refused too', () => {
    const files = {
      '/etc/a.tpl': 'common { template-file "b.tpl"; }',
      '/etc/b.tpl': 'common { template-file "a.tpl"; }',
    };
    expect(load({ '/etc/drbd.conf': user, ...files }).exitCode).toBe(10);
  });

  it('has a name that no resource may have', () => {
    const files = { '/etc/drbd.conf': resource('template-r', 2) + user, '/etc/a.tpl': 'common { }' };
    expect(load(files).said).toEqual([
      "a.tpl:2: conflicting use of resource section 'template-r' ...\n" +
        "/etc/drbd.conf:1: resource section 'template-r' first used here.",
    ]);
  });
});
