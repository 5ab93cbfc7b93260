import test from 'ava';
import { Shelf } from '../../src/bytes/shelf.ts';
import { TextList } from '../../src/bytes/text-list.ts';

const shelf = new Shelf();

const texts = ['kernel/fs/ext4.ko', '', 'grüße', 'x'.repeat(5000)];

test('texts are what they were, put aside or not', (t) => {
  const list = new TextList(texts);
  t.deepEqual([...list], texts);
  list.putAside(shelf);
  list.putAside(shelf);
  t.is(list.at(2), 'grüße');
  t.deepEqual([...list], texts);
});

test('lists are equal when their texts are, whichever is put aside', (t) => {
  const [one, same] = [new TextList(texts), new TextList(texts)];
  one.putAside(shelf);
  t.true(one.equals(same));
  t.false(one.equals(new TextList(texts.slice(1))));
  t.false(one.equals(new TextList(texts.toReversed())));
});

test('a list of nothing stays one', (t) => {
  const list = new TextList([]);
  list.putAside(shelf);
  t.deepEqual([...list], []);
});
