/*
 * Makers that are killed at any moment. IKFS_KILLS says how often, where it is to be more than in an ordinary run:
 * IKFS_KILLS=1000 npm test -- dist/test/store/killed-maker.test.js
 */
import test from 'ava';
import { basename, join } from 'node:path';
import { contentBytes } from '../../src/artifact/content-source.ts';
import { DiskStore } from '../../src/store/disk-store.ts';
import { temporaryFolder } from '../open-tree.ts';
import { Random } from '../random.ts';
import { filesBelow, numberedBytes, numberedKey, startMaker } from './stores.ts';
import { stormSize, stormed } from './storm.ts';

const kills = Number(process.env['IKFS_KILLS'] ?? 60);

/** A maker is killed within so many milliseconds after it has begun. */
const longestLife = 40;

test.serial(
  `${kills} makers killed while they work: nothing wrong is found, nothing is left behind`,
  async (t) => {
    t.timeout(kills * 2000);
    const folder = temporaryFolder();
    t.teardown(folder.remove);
    const random = new Random(6);
    let found = 0;
    let leftBehind = 0;
    for (let done = 0; done < kills;) {
      // Two at a time, as two daemons are; only one of them is killed at once.
      const makers = [startMaker(folder.path), startMaker(folder.path)];
      for (const maker of makers) t.is(await maker.ask(`storm ${random.below(1e9)}`), 'storming');
      for (const maker of makers) {
        // Nothing is waited for here: any moment is as good as another.
        await new Promise((resolve) => setTimeout(resolve, random.below(longestLife)));
        await maker.kill();
        done += 1;
        leftBehind += unfinishedIn(folder.path).length;
        found += await checkStore(folder.path, (path) => t.fail(`${path} is damaged`));
      }
      t.deepEqual(filesBelow(join(folder.path, 'leases')), []);
    }
    t.true(found > 0 && leftBehind > 0, 'else no maker has been killed at its work');
    t.log(`${found} blobs found and right, ${leftBehind} unfinished ones left behind and removed`);
  },
);

/** Blobs that a maker has begun, and nobody has finished or removed. */
function unfinishedIn(folder: string): string[] {
  return filesBelow(join(folder, 'leases')).filter((path) => basename(path) !== 'in-use');
}

/** Reads every blob that is there, as a process that comes later. @returns how many there are */
async function checkStore(folder: string, onDamaged: (path: string) => void): Promise<number> {
  const store = new DiskStore(folder, onDamaged);
  let found = 0;
  for (let number = 0; number < stormed; number += 1) {
    const content = store.find(numberedKey(number), 'when-read');
    if (!content) continue;
    const bytes = await contentBytes(content, `blob ${number}`);
    if (!bytes.equals(numberedBytes(number, stormSize(number)))) throw new Error(`blob ${number} is wrong`);
    found += 1;
  }
  store.close();
  return found;
}
