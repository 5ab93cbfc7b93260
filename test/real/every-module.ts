/*
 * npm run every-module -- KERNEL...: looks at what is made of the types of every module of Debian's kernels of those
 * names (see test/debian-kernels.ts), where the tests look at some. For each module:
 *
 *   - btf-flat/MODULE is read by bpftool without a base, is as large as modules.tsv says, and has the module's own types
 *     and no others than the kernel's: each struct, union and enum by name, size, members and offsets;
 *   - types/MODULE.h compiles after vmlinux.h with clang -target bpf.
 *
 * Prints a line a kernel, and one for each module about which something is wrong; status 1 then. Takes minutes a kernel.
 */
import { execFile } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { debianKernels, unpackedPackage } from '../debian-kernels.ts';
import type { DebianKernel } from '../debian-kernels.ts';
import { openTree, temporaryFolder } from '../open-tree.ts';
import { shapesIn } from './raw-dump.ts';

const run = promisify(execFile);

/** What one module was found to be. */
interface Examined {
  readonly shapes: number;
  readonly flatSize: number;
  readonly wrong: readonly string[];
}

/** Modules examined side by side. */
const atOnce = 2;

async function dump(...files: readonly string[]): Promise<string> {
  const { stdout } = await run('bpftool', ['btf', 'dump', 'file', ...files, 'format', 'raw'], {
    maxBuffer: 2 ** 29,
  });
  return stdout;
}

async function examineKernel(kernel: DebianKernel): Promise<boolean> {
  const started = performance.now();
  const sysroot = unpackedPackage(kernel);
  if (sysroot === undefined)
    throw new Error(`${kernel} is not there: node dist/test/fetch-debian-kernels.js`);
  const tree = await openTree({ sysroot });
  const scratch = temporaryFolder();
  try {
    const [release = ''] = tree.catalogue.kernels.keys();
    const types = join(scratch.path, 'types');
    const base = join(scratch.path, 'vmlinux');
    mkdirSync(types);
    writeFileSync(base, await tree.read(`${release}/btf/vmlinux`));
    writeFileSync(join(types, 'vmlinux.h'), await tree.read(`${release}/types/vmlinux.h`));
    const inBase = shapesIn(await dump(base));
    const compiled = join(scratch.path, 'vmlinux.pch');
    const clang = ['-target', 'bpf', '-w', '-x', 'c-header', join(types, 'vmlinux.h'), '-o', compiled];
    await run('clang', clang);

    const examine = async (name: string, told: number): Promise<Examined> => {
      const [split, flat] = [join(scratch.path, `${name}.split`), join(scratch.path, `${name}.flat`)];
      const header = join(types, `${name}.h`);
      const bytes = await tree.read(`${release}/btf-flat/${name}`);
      writeFileSync(split, await tree.read(`${release}/btf/${name}`));
      writeFileSync(flat, bytes);
      writeFileSync(header, await tree.read(`${release}/types/${name}.h`));
      const wrong: string[] = [];
      if (bytes.length !== told) wrong.push(`is ${bytes.length} bytes, and ${told} in modules.tsv`);
      const [inFlat, inSplit] = [shapesIn(await dump(flat)), shapesIn(await dump('-B', base, split))];
      const differing = [
        ...[...inSplit].filter((shape) => !inFlat.has(shape)),
        ...[...inFlat].filter((shape) => !inSplit.has(shape) && !inBase.has(shape)),
      ];
      if (differing.length > 0) wrong.push(`${differing.length} types differ: ${differing[0]}`);
      const check = ['-target', 'bpf', '-w', '-fsyntax-only', '-include-pch', compiled, '-I', types];
      await run('clang', [...check, '-x', 'c', header]).catch((error: unknown) => {
        wrong.push(error instanceof Error ? error.message : String(error));
      });
      for (const file of [split, flat, header]) rmSync(file);
      return { shapes: inSplit.size, flatSize: bytes.length, wrong };
    };

    const rows = (await tree.catalogue.kernels.get(release)?.moduleRows()) ?? [];
    const waiting = rows.filter(({ splitSize }) => splitSize > 0);
    const all = waiting.length;
    const sums = { shapes: 0, flatSize: 0, wrong: 0 };
    const worker = async (): Promise<void> => {
      for (let row = waiting.pop(); row; row = waiting.pop()) {
        const { shapes, flatSize, wrong } = await examine(row.name, row.flatSize);
        sums.shapes += shapes;
        sums.flatSize += flatSize;
        if (wrong.length > 0) sums.wrong += 1;
        for (const each of wrong) console.log(`${kernel} ${row.name}: ${each}`);
        const done = all - waiting.length;
        if (done % 250 === 0) console.error(`${kernel}: ${done} of ${all}, ${sums.wrong} wrong`);
      }
    };
    await Promise.all(Array.from({ length: atOnce }, worker));
    const seconds = Math.round((performance.now() - started) / 1000);
    console.log(
      `${kernel} (${release}): ${all} modules with BTF, ${sums.shapes} types of their own, ` +
        `${sums.flatSize} bytes flat; ${sums.wrong} modules wrong (${seconds} s)`,
    );
    return sums.wrong === 0 && all > 0;
  } finally {
    tree.close();
    scratch.remove();
  }
}

const names = process.argv.slice(2);
const unknown = names.find((name) => !Object.hasOwn(debianKernels, name));
if (unknown !== undefined || names.length === 0) {
  console.error(`Give names of kernels: ${Object.keys(debianKernels).join(', ')}`);
  process.exit(2);
}
for (const name of names as DebianKernel[]) {
  if (!(await examineKernel(name))) process.exitCode = 1;
}
