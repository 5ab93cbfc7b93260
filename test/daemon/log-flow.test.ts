import test from 'ava';
import { LogFlow } from '../../daemon/log-flow.ts';

test('as many lines as may come at once pass, then one whenever there is room, with how many were left out', (t) => {
  const flow = new LogFlow(3, 2, 1000);
  t.deepEqual(
    [0, 1, 2, 3, 4].map(() => flow.take(1000)),
    [0, 0, 0, undefined, undefined],
  );
  t.is(flow.take(1400), undefined);
  t.is(flow.take(1500), 3);
  t.is(flow.take(1501), undefined);
  t.is(flow.take(2000), 1);
});

test('after a while of quiet, as many as ever may come at once', (t) => {
  const flow = new LogFlow(2, 1, 0);
  flow.take(0);
  flow.take(0);
  t.deepEqual(
    [0, 0, 0].map(() => flow.take(60_000)),
    [0, 0, undefined],
  );
});
