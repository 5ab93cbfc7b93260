import test from 'ava';
import { Samples, pairedRatio, percentile, withThoseHeldUp } from './samples.ts';

test('figures are kept by subject and scenario, in order', (t) => {
  const samples = new Samples();
  samples.add('tmpfs', 'warm find', 2);
  samples.add('tmpfs', 'warm find', 1);
  samples.add('erofs', 'warm find', 3);
  t.deepEqual(samples.of('tmpfs', 'warm find'), [2, 1]);
  t.deepEqual(samples.of('tmpfs', 'cold find'), []);
  t.deepEqual(samples.of('ext4', 'warm find'), []);
});

test('a slow round does not change a paired ratio', (t) => {
  t.is(pairedRatio([2, 20, 2], [1, 10, 1]), 2);
  t.throws(() => pairedRatio([1, 2], [1]), { instanceOf: RangeError });
});

test('a percentile is the value that so many lie below', (t) => {
  const values = Array.from({ length: 100 }, (_, index) => 100 - index);
  t.is(percentile(values, 0.5), 51);
  t.is(percentile(values, 0.99), 100);
  t.is(percentile([7], 0.99), 7);
  t.throws(() => percentile([], 0.5), { instanceOf: RangeError });
});

test('a call that was held up stands for those that would have come meanwhile', (t) => {
  t.deepEqual(withThoseHeldUp([1, 35, 2], 10), [1, 35, 25, 15, 5, 2]);
});
