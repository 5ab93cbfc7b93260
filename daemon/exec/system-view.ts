import { lstatSync, readdirSync, realpathSync } from 'node:fs';
import type { Stats } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { foundAlready } from '../found-already.ts';
import type { FoundAlready } from '../found-already.ts';

/** What is at a path. A link is what the path itself is; links in front of its last name are followed. */
export interface Place {
  /** The path without links in front of its last name, as far as that is there. */
  readonly path: string;
  readonly kind: 'file' | 'directory' | 'link' | 'nothing';
  /** The innermost directory on the way that is there, without links. */
  readonly holder: string;
}

/** The system as tools see it without ikfs. */
export interface SystemView {
  readonly found: FoundAlready;
  readonly place: (path: string) => Place;
  /** Names in a directory; none where there is no such directory, or it can not be read. */
  readonly names: (folder: string) => readonly string[];
}

/** Looks at the system that this process sees. */
export function viewSystem(): SystemView {
  return { found: foundAlready(), place, names };
}

function place(path: string): Place {
  const folder = dirname(path);
  let holder: string;
  try {
    holder = realpathSync(folder);
  } catch {
    const above = place(folder);
    return { path: join(above.path, basename(path)), kind: 'nothing', holder: above.holder };
  }
  const full = join(holder, basename(path));
  return { path: full, kind: kindOf(lstatSync(full, { throwIfNoEntry: false })), holder };
}

function kindOf(stats: Stats | undefined): Place['kind'] {
  if (!stats) return 'nothing';
  return stats.isDirectory() ? 'directory' : stats.isSymbolicLink() ? 'link' : 'file';
}

function names(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}
