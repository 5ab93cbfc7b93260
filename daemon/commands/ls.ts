import { basename } from 'node:path';
import type { DirectoryNode } from '../../src/tree/node.ts';
import type { Command } from '../command.ts';
import { Failures } from '../failures.ts';
import { findNode, plainPath } from '../find-node.ts';
import { describeEntries, describeNode, formatListing, joinPath } from '../listing.ts';
import type { Listed } from '../listing.ts';
import { sourceOptions } from '../options.ts';
import type { OptionValues } from '../options.ts';
import { write } from '../output.ts';
import { printable } from '../printable.ts';
import { withProgress } from '../progress.ts';
import { openKernels } from '../session.ts';
import { sourcesOf } from '../sources.ts';
import { keepingOf } from '../store.ts';
import { formatJson, formatNames } from '../table.ts';

export const ls: Command = {
  name: 'ls',
  summary: 'list directories of the tree',
  usage: ['ls [OPTION...] [PATH...]'],
  description: [
    'Lists directories of the tree, without a mount. Paths are those in the mount; without one, the root is listed.',
    'Names alone cost next to nothing. A name may turn out to have nothing behind it when it is first used: only --long makes sure.',
  ],
  options: ['long', 'recursive', 'json', ...sourceOptions],
  operands: { least: 0, most: Infinity },

  async run({ values, operands }) {
    const session = await openKernels(sourcesOf(values), keepingOf(values));
    const failures = new Failures();
    const paths = operands.length === 0 ? [''] : operands.map(plainPath);
    const lister = new Lister(values, paths.length > 1, failures);
    try {
      for (const path of paths) {
        try {
          const node = await findNode(session.root, path);
          if (node.kind === 'directory') await lister.directory(node, path);
          else await lister.file(await describeNode(path, node));
        } catch (thrown) {
          failures.add(thrown);
        }
      }
      await lister.finish();
    } finally {
      session.close();
    }
    return failures.exitCode;
  },
};

/** Prints one directory after the other; JSON is one array of all names, at the end. */
class Lister {
  readonly #values: OptionValues;
  readonly #headings: boolean;
  readonly #failures: Failures;
  readonly #all: Listed[] = [];
  #printed = false;

  constructor(values: OptionValues, severalPaths: boolean, failures: Failures) {
    this.#values = values;
    this.#headings = severalPaths || values.recursive === true;
    this.#failures = failures;
  }

  async file(entry: Listed): Promise<void> {
    this.#all.push(entry);
    if (this.#values.json) return;
    await write(this.#values.long ? formatListing([entry], (path) => path) : `${lineOf(entry.path)}\n`);
    this.#printed = true;
  }

  async directory(directory: DirectoryNode, path: string): Promise<void> {
    const entries = await this.#entries(directory, path);
    this.#all.push(...entries);
    if (!this.#values.json) {
      if (this.#headings) await write(`${this.#printed ? '\n' : ''}${lineOf(path || '.')}:\n`);
      await write(this.#format(entries));
      this.#printed = true;
    }
    if (!this.#values.recursive) return;
    for (const entry of entries) {
      if (entry.kind !== 'directory') continue;
      try {
        const child = await directory.lookup(basename(entry.path));
        if (child?.kind === 'directory') await this.directory(child, entry.path);
      } catch (thrown) {
        this.#failures.add(thrown);
      }
    }
  }

  async finish(): Promise<void> {
    if (this.#values.json) await write(formatJson(this.#all));
  }

  async #entries(directory: DirectoryNode, path: string): Promise<Listed[]> {
    return await withProgress(`Listing ${path || 'the root'}`, async (tell) => {
      if (!this.#values.long) {
        const entries = await directory.list();
        return entries.map(({ name, kind }) => ({ path: joinPath(path, name), kind }));
      }
      return await describeEntries(
        directory,
        path,
        (done, all) => tell(`${done} of ${all}`),
        (thrown) => this.#failures.add(thrown),
      );
    });
  }

  #format(entries: readonly Listed[]): string {
    if (this.#values.long) return formatListing(entries, basename);
    const names = entries.map(({ path }) => basename(path));
    return process.stdout.isTTY
      ? formatNames(names, process.stdout.columns)
      : names.map((name) => `${lineOf(name)}\n`).join('');
  }
}

/** A name as it goes to standard output: as it is for programs, harmless for a terminal. */
function lineOf(name: string): string {
  return process.stdout.isTTY ? printable(name) : name;
}
