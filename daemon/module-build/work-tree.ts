import {
  appendFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, posix } from 'node:path';
import type { Kernel } from '../../src/artifact/kernel.ts';
import { companions } from '../../src/artifact/make-companions.ts';
import { IkfsError } from '../../src/errors.ts';
import { nodeAt } from '../../src/tree/path.ts';
import { copyNode } from '../copy-node.ts';
import { directoryDestination } from '../destination.ts';
import { log, logError } from '../log.ts';
import { withProgress } from '../progress.ts';
import { counted } from '../format-size.ts';
import type { Session } from '../session.ts';

/**
 * Goals of ikfs' own, put behind the kernel's top makefile: only there is it known which compiler kbuild calls, and how a
 * folder of host programs is made. Where that makefile only hands goals on to a second make (since 6.13 for modules), it does
 * not know `build`, what scripts/Kbuild.include calls the way into a folder.
 */
const ownGoals = `
ifdef build
.PHONY: ikfs-compiler ikfs-host-programs $(addprefix ikfs-in-,$(IKFS_FOLDERS))
ikfs-compiler:
	@echo 'ikfs-compiler: $(CC)'
ikfs-host-programs: $(addprefix ikfs-in-,$(IKFS_FOLDERS))
$(addprefix ikfs-in-,$(IKFS_FOLDERS)): ikfs-in-%:
	$(Q)$(MAKE) $(build)=$*
endif
`;

/** A copy of build/ that may be written to, with the artifacts that its links lead to beside it. */
export class WorkTree {
  readonly #folder: string;

  private constructor(folder: string) {
    this.#folder = folder;
  }

  /** @throws IkfsError when the tree can not be read or the copy not be written */
  static async copy(session: Session, kernel: Kernel): Promise<WorkTree> {
    const tree = new WorkTree(mkdtempSync(join(tmpdir(), 'ikfs-module-build-')));
    try {
      await tree.#fill(session, kernel);
      return tree;
    } catch (thrown) {
      tree.remove();
      throw thrown;
    }
  }

  /** The folder that make works in. */
  get build(): string {
    return join(this.#folder, 'build');
  }

  /** Path of a file that kbuild knows by this one. */
  at(path: string): string {
    return join(this.build, path);
  }

  /** Whether a file is there, at the end of links. */
  has(path: string): boolean {
    return existsSync(this.at(path));
  }

  /** @throws Error when there is no such file */
  read(path: string): string {
    return readFileSync(this.at(path), 'utf8');
  }

  /** Writes a program where kbuild looks for it. */
  writeProgram(path: string, text: string): void {
    mkdirSync(dirname(this.at(path)), { recursive: true });
    writeFileSync(this.at(path), text, { mode: 0o755 });
  }

  /** Removes a file or folder, whether it is there or not. */
  removeFile(path: string): void {
    rmSync(this.at(path), { recursive: true, force: true });
  }

  remove(): void {
    rmSync(this.#folder, { recursive: true, force: true });
  }

  async #fill({ root, reader }: Session, { release }: Kernel): Promise<void> {
    const destination = directoryDestination(this.#folder, false, reader);
    const copy = async (name: string): Promise<void> => {
      const node = await nodeAt(root, `${release}/${name}`);
      await withProgress(`Copying ${name}`, (tell) =>
        copyNode(node, name, destination, {
          onFile: ({ files }) => tell(counted(files, 'file')),
          onFailure(thrown) {
            throw thrown;
          },
        }),
      );
    };
    await copy('build');
    for (const name of new Set(
      companions.map(({ path, target }) => posix.join('build', posix.dirname(path), target)),
    )) {
      try {
        await copy(name);
      } catch (thrown) {
        // Links that lead nowhere are what kbuild has an answer to.
        if (!(thrown instanceof IkfsError && thrown.code === 'not-found')) logError(thrown);
      }
    }
    await destination.finish();
    this.#keepFromConfiguring();
    appendFileSync(this.at('Makefile'), ownGoals);
  }

  /**
   * Has make find the configuration up to date. Otherwise it would run Kconfig, whose files no archive has: it does where
   * .config, or a file that auto.conf.cmd names, is newer than what was made of them (Makefile: syncconfig).
   */
  #keepFromConfiguring(): void {
    if (!this.has('.config') || !this.has('include/config/auto.conf')) {
      log('warning', 'the kernel has no configuration; kbuild will hardly do without');
      return;
    }
    utimesSync(this.at('.config'), 1, 1);
    writeFileSync(this.at('include/config/auto.conf.cmd'), '');
  }
}
