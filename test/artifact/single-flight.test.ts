import test from 'ava';
import { SingleFlight } from '../../src/artifact/single-flight.ts';

test('many who ask at once get one making', async (t) => {
  let made = 0;
  const flight = new SingleFlight(async (key: string) => {
    made += 1;
    await new Promise((resolve) => setImmediate(resolve));
    return `${key} ${made}`;
  });
  t.is(flight.settled('a'), undefined);
  const answers = await Promise.all([flight.get('a'), flight.get('a'), flight.get('a')]);
  t.deepEqual(answers, ['a 1', 'a 1', 'a 1']);
  t.is(flight.settled('a'), 'a 1');
  t.is(await flight.get('a'), 'a 1');
  t.is(made, 1);
});

test('a making that throws is tried again by the next who asks', async (t) => {
  let tries = 0;
  const flight = new SingleFlight((_: string) => {
    tries += 1;
    return tries === 1 ? Promise.reject(new Error('no')) : Promise.resolve('yes');
  });
  await t.throwsAsync(flight.get('a'), { message: 'no' });
  t.is(await flight.get('a'), 'yes');
});

test('a value that does not last is what came of it until the next asks, who has it made anew', async (t) => {
  let tries = 0;
  const flight = new SingleFlight(
    (_: string) => Promise.resolve((tries += 1)),
    (value) => value > 1,
  );
  t.deepEqual(await Promise.all([flight.get('a'), flight.get('a')]), [1, 1]);
  t.is(flight.settled('a'), 1);
  t.is(await flight.get('a'), 2);
  t.is(await flight.get('a'), 2);
  t.is(flight.settled('a'), 2);
});
