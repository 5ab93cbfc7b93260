import test from 'ava';
import { interleaved, median } from './row.ts';

test('the median is the middle value, or the mean of the two in the middle', (t) => {
  t.is(median([30, 1, 2]), 2);
  t.is(median([4, 1, 2, 30]), 3);
  t.throws(() => median([]), { instanceOf: RangeError });
});

test('interleaved runs both equally often, and lets each go first in turn', async (t) => {
  const order: string[] = [];
  await interleaved(
    3,
    () => {
      order.push('ours');
    },
    async () => {
      order.push('peer');
    },
  );
  t.deepEqual(order, ['ours', 'peer', 'peer', 'ours', 'ours', 'peer']);
});
