import { Disk } from '../../wire';
import { DISK_STATE_NAMES_84 } from './state-names';

test("disk states have the wire's numbers", () => {
  expect(DISK_STATE_NAMES_84.map((name) => Disk[name as keyof typeof Disk])).toEqual(
    DISK_STATE_NAMES_84.map((_, at) => at),
  );
});
