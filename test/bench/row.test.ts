import test from 'ava';
import { interleaved, isOver, median, ratioOf } from './row.ts';

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

test('a row is over when its ratio is over the bar or its figure over the limit', (t) => {
  const row = { name: 'decode', ours: 3, peer: 2, peerName: 'xz' };
  t.is(ratioOf(row), 1.5);
  t.is(isOver(row), undefined);
  t.true(isOver({ ...row, bar: 1.4 }));
  t.false(isOver({ ...row, bar: 1.4, ratio: 1.3 }));
  t.true(isOver({ ...row, limit: 2.9 }));
  t.false(isOver({ ...row, limit: 3 }));
});
