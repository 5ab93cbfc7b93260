/* The store's files change while what is in them is served. */
import { execFileSync } from 'node:child_process';
import { readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { temporaryFolder } from '../open-tree.ts';
import { corpusRelease } from '../real/truth.ts';
import { corpusRoot, testWith } from '../requirements.ts';
import { until } from './conformance-mount.ts';
import { startDaemon } from './daemon.ts';

/** The largest blob of a store: the unpacked headers. */
function largestBlob(store: string): string {
  const blobs = join(store, 'blobs');
  const paths = readdirSync(blobs, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
  const [largest] = paths.sort((a, b) => statSync(b).size - statSync(a).size);
  if (largest === undefined) throw new Error('the store is empty');
  return largest;
}

/** Changes the bytes of a file in place. */
function overwrite(path: string, change: (bytes: Buffer) => void): void {
  const bytes = readFileSync(path);
  change(bytes);
  writeFileSync(path, bytes);
}

for (const transport of ['kernel', 'fuse-native'] as const) {
  const needs = ['corpus', 'root', 'mount', transport === 'kernel' ? 'addon' : 'fuse-native'] as const;

  testWith(needs)(
    `${transport}: a header that is damaged in the store is an error or right, never wrong`,
    async (t) => {
      const store = temporaryFolder();
      t.teardown(store.remove);
      const options = ['--sysroot', corpusRoot(), '--transport', transport, '--no-prefetch'];
      const daemon = await startDaemon([...options, '--cache-dir', store.path]);
      t.teardown(daemon.stop);
      const header = join(daemon.mountpoint, corpusRelease, 'build/include/linux/sched.h');
      const other = join(daemon.mountpoint, corpusRelease, 'build/include/linux/mm.h');
      statSync(header);
      const archive = join(daemon.mountpoint, corpusRelease, 'kheaders.tar.xz');
      const unpack = ['-xJOf', archive, './include/linux/sched.h'];
      const truth = execFileSync('tar', unpack, { maxBuffer: 2 ** 24 });

      const blob = largestBlob(store.path);
      overwrite(blob, (bytes) => {
        const at = bytes.indexOf(truth);
        t.true(at > 0);
        bytes[at + 5000] = (bytes[at + 5000] ?? 0) ^ 1;
      });
      // The kernel asks once more for what it could not read, and it may be right again by then.
      const first = await readFile(header).catch(() => undefined);
      t.true(first === undefined || first.equals(truth));
      t.true(daemon.output().includes('damaged') || (await untilSaid(daemon.output)));
      t.true((await readFile(other)).length > 0);
      await until(async () => (await readFile(header).catch(() => Buffer.alloc(0))).equals(truth));
      t.is(daemon.output().match(/was damaged/g)?.length, 1, daemon.output());
    },
  );
}

async function untilSaid(output: () => string): Promise<boolean> {
  await until(() => Promise.resolve(output().includes('was damaged')));
  return true;
}
