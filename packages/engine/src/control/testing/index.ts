/** For tests of whoever uses the control API. */
export { FakeBackend } from './fake-backend';
export * from './states';
