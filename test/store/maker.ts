/*
 * A process that works with a store. Arguments: the store's folder, and how large it may become. Takes one order a
 * line and answers each with a line:
 *
 *   make NUMBER SIZE   makes a numbered blob
 *   find NUMBER        finds one, and from then on has it in hand: `found` or `missing`
 *   begin              begins a blob that it never finishes
 *   storm SEED         makes blobs, large and small, until it is killed
 *   close              closes the store and ends
 */
import { createInterface } from 'node:readline';
import { DiskStore } from '../../src/store/disk-store.ts';
import { Random } from '../random.ts';
import { fillNumbered, numberedKey } from './stores.ts';
import { stormSize, stormed } from './storm.ts';

const [, , folder = '', most = ''] = process.argv;
const size = most === '' ? undefined : { mostBytes: Number(most), onExceeded: () => undefined };
const store = new DiskStore(folder, () => console.log('damaged'), size);

async function storm(seed: number): Promise<void> {
  const random = new Random(seed);
  for (;;) {
    const number = random.below(stormed);
    if (random.below(4) === 0) store.find(numberedKey(number));
    else {
      const size = stormSize(number);
      await store.make(numberedKey(number), size, fillNumbered(number, size, 16 * 1024));
    }
  }
}

for await (const line of createInterface({ input: process.stdin })) {
  const [order = '', ...numbers] = line.split(' ');
  const [number = 0, size = 0] = numbers.map(Number);
  switch (order) {
    case 'make':
      await store.make(numberedKey(number), size, fillNumbered(number, size));
      console.log('made');
      break;
    case 'find':
      console.log(store.find(numberedKey(number)) ? 'found' : 'missing');
      break;
    case 'begin':
      await store.make(numberedKey(0), 100, async (sink) => {
        sink.write(Buffer.from('never finished'));
        console.log('begun');
        await new Promise(() => setInterval(() => undefined, 60_000));
      });
      break;
    case 'storm':
      console.log('storming');
      await storm(number);
      break;
    case 'close':
      store.close();
      console.log('closed');
      process.exit(0);
  }
}
