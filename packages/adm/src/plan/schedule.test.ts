import { inOrder, Schedule, type Stage } from './schedule';

const plan = (build: (schedule: Schedule) => void): string[] => {
  const schedule = new Schedule();
  build(schedule);
  return [...inOrder(schedule.items)].flatMap(({ stage, items }) => items.map(({ name }) => `${stage} ${name}`));
};
const add = (schedule: Schedule, stage: Stage, name: string, after: Parameters<Schedule['add']>[4] = null) =>
  schedule.add(stage, 'r0', name, [], after);

test('stages come in order, whatever the order of scheduling', () => {
  const names = plan((schedule) => {
    add(schedule, 'connect', 'c');
    add(schedule, 'prereq', 'p');
    add(schedule, 'disk', 'd');
  });
  expect(names).toEqual(['prereq p', 'disk d', 'connect c']);
});

test('what waits for a later stage comes in the next sweep', () => {
  const names = plan((schedule) => {
    const wait = add(schedule, 'wait', 'w1', add(schedule, 'connect', 'c1'));
    add(schedule, 'net-down', 'd2', wait);
    add(schedule, 'disk', 'a');
  });
  expect(names).toEqual(['disk a', 'connect c1', 'wait w1', 'net-down d2']);
});

test('inside a stage a chain runs in one go', () => {
  const names = plan((schedule) => {
    add(schedule, 'disk-down', 'del-minor', add(schedule, 'disk-down', 'detach'));
  });
  expect(names).toEqual(['disk-down detach', 'disk-down del-minor']);
});
