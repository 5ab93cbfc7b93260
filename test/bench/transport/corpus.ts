import { join } from 'node:path';
import { packageRoot } from '../../../src/native.ts';

/** The root directory of the corpus' kernel, as in test/requirements.ts, which only tests can import. */
export const corpusRoot =
  process.env['IKFS_CORPUS'] ?? join(packageRoot, '..', 'shared', 'corpus', 'ik-6.1.192');
