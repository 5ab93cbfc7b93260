import { join } from 'node:path';
import { packageRoot } from '../src/native.ts';

/** The root directory of the corpus' kernel, whether it is there or not; `IKFS_CORPUS` names another place. */
export function corpusRoot(): string {
  return process.env['IKFS_CORPUS'] ?? join(packageRoot, '..', 'shared', 'corpus', 'ik-6.1.192');
}
