import { statSync } from 'node:fs';
import { fileNode } from '../src/tree/nodes.ts';
import type { Node } from '../src/tree/node.ts';
import { nodeAt } from '../src/tree/path.ts';
import { describeAttempts } from './attempts.ts';
import type { Failures } from './failures.ts';
import { findNode, plainPath } from './find-node.ts';
import { joinPath } from './listing.ts';
import { partFiles } from './image-parts.ts';
import type { Part, WantedParts } from './image-parts.ts';
import { log } from './log.ts';
import type { GivenModule } from './module-parts.ts';
import { withProgress } from './progress.ts';
import type { Session } from './session.ts';

/** Something to extract, and its path where it goes. */
export interface Extracted {
  readonly path: string;
  readonly node: Node;
}

/** Whether a path is that of a file on this system, or of a block device that may hold what a file does. */
export function isFile(path: string): boolean {
  const stats = statSync(path, { throwIfNoEntry: false });
  return stats !== undefined && (stats.isFile() || stats.isBlockDevice());
}

/** The nodes at paths of the tree; one that is not there is a failure. */
export async function nodesAt(
  session: Session,
  paths: readonly string[],
  failures: Failures,
): Promise<Extracted[]> {
  const found: Extracted[] = [];
  for (const given of paths) {
    const path = plainPath(given);
    try {
      found.push({ path, node: await findNode(session.root, path) });
    } catch (thrown) {
      failures.add(thrown);
    }
  }
  return found;
}

/**
 * The parts of all kernels of a session that were wanted.
 * @param plainOnly only the first of the files that a part stands for
 */
export async function partsOfKernels(
  session: Session,
  wanted: WantedParts,
  plainOnly: boolean,
  failures: Failures,
): Promise<Extracted[]> {
  const found: Extracted[] = [];
  for (const [release, kernel] of session.catalogue.kernels) {
    for (const part of wanted.parts) {
      const outcome = await withProgress(`Looking for ${part} of ${release}`, () =>
        kernel.artifact(partFiles[part][0]),
      );
      switch (outcome.state) {
        case 'failed':
          failures.add(outcome.error);
          break;
        case 'absent':
          reportAbsent(release, part, describeAttempts(outcome.attempts), wanted, failures);
          break;
        case 'ready':
          for (const name of plainOnly ? partFiles[part].slice(0, 1) : partFiles[part]) {
            const path = joinPath(release, name);
            found.push({ path, node: await nodeAt(session.root, path) });
          }
      }
    }
  }
  return found;
}

/** The parts of a module that were wanted; the other parameters are those of partsOfKernels. */
export async function partsOfModule(
  path: string,
  module: GivenModule,
  wanted: WantedParts,
  plainOnly: boolean,
  failures: Failures,
): Promise<Extracted[]> {
  const found: Extracted[] = [];
  for (const part of wanted.parts) {
    try {
      const answer = await withProgress(`Looking for ${part} in ${path}`, () => module.part(part));
      if ('missing' in answer) reportAbsent(path, part, answer.missing, wanted, failures);
      else {
        for (const { name, content } of plainOnly ? answer.slice(0, 1) : answer) {
          found.push({ path: joinPath(module.release, name), node: fileNode(0, module.modified, content) });
        }
      }
    } catch (thrown) {
      failures.add(thrown);
    }
  }
  return found;
}

function reportAbsent(
  where: string,
  part: Part,
  reason: string,
  { explicit }: WantedParts,
  failures: Failures,
): void {
  log(explicit ? 'error' : 'info', `${where}: no ${part}: ${reason}`);
  if (explicit) failures.note(1);
}
