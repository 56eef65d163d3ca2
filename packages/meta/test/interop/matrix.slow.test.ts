/** Sizes, peers, places and shapes of the log crossed, beside drbdmeta 9.22: all of them. Conversions, too. */
import { makeDirectory, maybe, removeDirectory, title } from './beside-drbdmeta';
import { compareConversion, CONVERSIONS } from './compare-conversion';
import { compareShape, MATRIX, SELECTION, SHAPE_TITLE } from './compare-shape';

const MIB = 1024 ** 2;
const GIB = 1024 ** 3;
const TIB = 1024 ** 4;

let directory = '';
beforeEach(() => void (directory = makeDirectory()));
afterEach(removeDirectory);

describe(title('beside drbdmeta 9.22'), () => {
  maybe.each(MATRIX.filter((shape) => !SELECTION.includes(shape)))(
    SHAPE_TITLE,
    (shape) => compareShape(directory, shape),
    300_000,
  );

  const conversions = [256 * MIB, 3 * GIB - 512, TIB].flatMap((sizeBytes) =>
    CONVERSIONS.map((conversion) => ({ ...conversion, sizeBytes })),
  );
  maybe.each(conversions)(
    '$from becomes $to, $index on $sizeBytes bytes, $maxPeers peers: the same bytes',
    ({ sizeBytes, ...conversion }) => compareConversion(conversion, sizeBytes),
    120_000,
  );
});
