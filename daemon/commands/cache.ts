import { DiskStore } from '../../src/store/disk-store.ts';
import { usualBound } from '../../src/store/size-bound.ts';
import { summariseStore } from '../../src/store/store-summary.ts';
import { cacheReportJson, formatCacheReport } from '../cache-report.ts';
import type { CacheReport } from '../cache-report.ts';
import type { Command } from '../command.ts';
import { write } from '../output.ts';
import { keepingOf, storeFolder } from '../store.ts';
import { formatJson } from '../table.ts';

export const cache: Command = {
  name: 'cache',
  summary: 'tell how much is kept of what was made, or clear it',
  usage: ['cache [OPTION...]'],
  description: [
    'What was made is kept, so that it is made only once. Tells how much that is and when it was last used. With --clear all of it is removed but what a running ikfs uses; it is made again when it is next asked for.',
  ],
  options: ['clear', 'json', 'cache-dir', 'cache-size'],
  operands: { least: 0, most: 0 },

  async run({ values }) {
    const keeping = keepingOf(values);
    const folder = storeFolder(keeping);
    const removed = values.clear ? clear(folder) : undefined;
    const summary = summariseStore(folder);
    const report = { folder, mostBytes: keeping.mostBytes ?? usualBound(folder), summary, removed };
    await write(values.json ? formatJson(cacheReportJson(report)) : formatCacheReport(report, Date.now()));
    return 0;
  },
};

/** @throws IkfsError as DiskStore and its clear() */
function clear(folder: string): CacheReport['removed'] {
  // A store is not made only to be cleared.
  if (summariseStore(folder).all.blobs === 0) return { blobs: 0, bytes: 0 };
  const store = new DiskStore(folder, () => undefined);
  try {
    const { count, bytes } = store.clear();
    return { blobs: count, bytes };
  } finally {
    store.close();
  }
}
