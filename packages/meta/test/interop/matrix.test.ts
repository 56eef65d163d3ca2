/**
 * Sizes, peers, places and shapes of the log crossed, beside drbdmeta 9.22: of each size and place one; all of them are in
 * the slow suite.
 */
import { makeDirectory, maybe, removeDirectory, title } from './beside-drbdmeta';
import { compareShape, SELECTION, SHAPE_TITLE } from './compare-shape';

let directory = '';
beforeEach(() => void (directory = makeDirectory()));
afterEach(removeDirectory);

describe(title('beside drbdmeta 9.22'), () => {
  maybe.each(SELECTION)(SHAPE_TITLE, (shape) => compareShape(directory, shape), 300_000);
});
