/** One jest configuration for every package: swc transforms TypeScript, and the ESM-only dependencies, to CommonJS. */
module.exports = {
  // Nothing here measures time; on a busy machine the default of 5 s is a matter of luck.
  testTimeout: 30_000,
  roots: ['<rootDir>/packages', '<rootDir>/test'],
  testMatch: ['**/*.test.ts'],
  testPathIgnorePatterns: ['/node_modules/', '/dist/', ...(process.env.TSDRBD_SLOW ? [] : ['\\.slow\\.test\\.ts$'])],
  testEnvironment: 'node',
  modulePathIgnorePatterns: ['<rootDir>/packages/.*/dist/'],
  transform: {
    '^.+\\.[cm]?[jt]s$': [
      '@swc/jest',
      { jsc: { parser: { syntax: 'typescript' }, target: 'es2022' }, module: { type: 'commonjs' } },
    ],
  },
  // Packages that ship only ES modules; jest runs CommonJS.
  transformIgnorePatterns: [
    '/node_modules/\\.pnpm/(?!(chalk|execa|yargs|yargs-parser|cliui|y18n|string-width|strip-ansi|ansi-regex|ansi-styles|wrap-ansi|get-east-asian-width|emoji-regex|escalade|get-caller-file|figures|get-stream|human-signals|is-plain-obj|is-stream|npm-run-path|parse-ms|path-key|pretty-ms|strip-final-newline|unicorn-magic|yoctocolors|is-unicode-supported|@sindresorhus\\+merge-streams|@sec-ant\\+readable-stream)@)',
  ],
};
