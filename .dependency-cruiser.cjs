/** Imports run one way (docs/architecture.md): adm -> {config, setup, meta}; setup -> {config, engine/control};
 *  meta -> {config, engine/metadata, engine/storage, engine/control}; engine/daemon -> all of engine; engine/core -> values only. */
const engine = '^packages/engine/src/';
const only = (from, allowed) => ({
  name: `${from.replace(/\W+/g, '-')}-imports`,
  severity: 'error',
  from: { path: `${engine}${from}/`, pathNot: '\\.test\\.ts$' },
  to: {
    path: '^packages/',
    pathNot: [
      `${engine}(${[from, ...allowed].join('|')})/`,
      ...(allowed.includes('@options') ? ['^packages/config/src/options/'] : []),
    ],
  },
});
module.exports = {
  forbidden: [
    {
      name: 'no-cycles',
      severity: 'error',
      from: { pathNot: '\\.test\\.ts$' },
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    },
    {
      name: 'nothing-imports-adm',
      severity: 'error',
      from: { pathNot: '^(packages/adm|test|scripts)/' },
      to: { path: '^packages/adm/' },
    },
    {
      name: 'config-is-a-leaf',
      severity: 'error',
      from: { path: '^packages/config/src' },
      to: { path: '^packages/(engine|setup|meta|adm)/' },
    },
    {
      name: 'setup-sees-control',
      severity: 'error',
      from: { path: '^packages/setup/src', pathNot: '\\.test\\.ts$' },
      to: { path: '^packages/(?!setup/)', pathNot: ['^packages/config/src/', '^packages/engine/src/(control|units)/'] },
    },
    {
      name: 'meta-sees-metadata',
      severity: 'error',
      from: { path: '^packages/meta/src', pathNot: '\\.test\\.ts$' },
      to: {
        path: '^packages/(?!meta/)',
        pathNot: ['^packages/config/src/', '^packages/engine/src/(control|metadata|storage|units|codec)/'],
      },
    },
    {
      name: 'adm-sees-clis',
      severity: 'error',
      from: { path: '^packages/adm/src', pathNot: '\\.test\\.ts$' },
      to: { path: '^packages/engine/' },
    },
    only('units', []),
    only('codec', ['units']),
    only('metadata', ['units', 'codec']),
    only('payload', []),
    only('sockets', ['payload']),
    only('wire', ['units', 'codec', 'payload']),
    only('core', ['units', 'payload', 'wire', 'metadata', 'codec']),
    only('native', []),
    only('storage', ['units', 'native']),
    only('transport', ['units', 'payload', 'sockets', 'wire', 'codec']),
    only('export', ['units', 'payload', 'sockets']),
    only('devices', ['units', 'payload', 'native', 'export', 'control']),
    only('control', ['units', '@options']),
    only('sim', ['units', 'payload', 'codec', 'metadata', 'wire', 'core', 'storage', 'transport']),
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '(node_modules|/dist/)' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.base.json' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'require', 'node', 'default', 'types'],
      mainFields: ['main', 'types'],
      extensions: ['.ts', '.js', '.mjs', '.cjs', '.json'],
    },
  },
};
