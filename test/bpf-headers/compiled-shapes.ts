import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Shapes } from '../real/btf-shapes.ts';
import { compile, encode } from '../real/foreign-btf.ts';

/** Where bcc and bpftrace look for headers in a tree, in their order (src/cc/frontends/clang/kbuild_helper.cc of bcc). */
export function includeFolders(machine: string): string[] {
  const own = `arch/${machine}/include`;
  return [
    ...[own, `${own}/generated`, 'include', `${own}/uapi`, `${own}/generated/uapi`],
    ...['include/uapi', 'include/generated/uapi'],
  ];
}

/** All headers of a tree for a machine, sorted. */
export function headersOf(tree: string, machine: string): string[] {
  return ['include', `arch/${machine}/include`]
    .filter((folder) => existsSync(join(tree, folder)))
    .flatMap((folder) =>
      readdirSync(join(tree, folder), { recursive: true, encoding: 'utf8' }).map(
        (name) => `${folder}/${name}`,
      ),
    )
    .filter((path) => path.endsWith('.h'))
    .sort();
}

/**
 * The types that clang has of headers that one program includes: it lays them out, pahole(1) makes BTF of its DWARF, bpftool(8)
 * reads that.
 * @param tree where the headers are
 * @param machine directory in its arch/
 * @param target as clang calls the machine
 * @param program where to put the program, without a suffix
 * @returns as Shapes tells them
 */
export function compiledShapes(
  tree: string,
  { machine, target }: { readonly machine: string; readonly target: string },
  headers: readonly string[],
  program: string,
): string[] {
  writeFileSync(`${program}.c`, headers.map((path) => `#include "${path}"\n`).join(''));
  const folders = ['.', ...includeFolders(machine)].map((folder) => `-I${join(tree, folder)}`);
  compile(target, `${program}.c`, `${program}.o`, ['-nostdinc', ...folders]);
  encode(`${program}.o`, `${program}.btf`);
  return new Shapes(`${program}.btf`).lines();
}
