import { execFileSync, spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

/** What clang has seen a header declare: for each name whether it has any members, which of typedefs is always said. */
export interface SeenDeclarations {
  readonly tags: Map<string, boolean>;
  readonly typedefs: Set<string>;
}

/** A declaration in clang's dump of what it has parsed: nesting, kind, places, the rest. */
const line = /^([| `]*-)?(\w+) 0x[0-9a-f]+ (?:(?:parent|prev) 0x[0-9a-f]+ )*(<.*)$/;
/** A place in a file. clang leaves the file out where it is that of the place before. */
const inFile = /(<scratch space>|[\w./+-]+\.[hc]):\d+:\d+/g;
const outside = new Set(['TranslationUnitDecl', 'RecordDecl', 'IndirectFieldDecl']);

/** Options by which the kernel's own build for x86 finds its headers, as far as they matter to declarations. */
function options(trees: readonly string[]): string[] {
  const resources = execFileSync('clang', ['-print-resource-dir'], { encoding: 'utf8' }).trim();
  const folders = ['arch/x86/include', 'arch/x86/include/generated', 'include', 'arch/x86/include/uapi'];
  const generated = ['arch/x86/include/generated/uapi', 'include/uapi', 'include/generated/uapi'];
  const first = ['linux/compiler-version.h', 'linux/kconfig.h', 'linux/compiler_types.h'];
  return [
    ...[
      '-w',
      '-nostdinc',
      '-isystem',
      join(resources, 'include'),
      '-D__KERNEL__',
      '-DKBUILD_MODNAME="names"',
    ],
    ...['-DCC_USING_FENTRY', '-std=gnu11', '-fshort-wchar', '-mcmodel=kernel', '-ferror-limit=0'],
    ...[...folders, ...generated].flatMap((folder) => trees.map((tree) => `-I${join(tree, folder)}`)),
    ...first.flatMap((header) => ['-include', header]),
  ];
}

/**
 * What clang finds declared in the headers that some include, and in those themselves, on x86.
 * @param trees as mergedHeaders() takes them
 * @param headers as programs name them: `linux/sched.h`
 * @returns by path in the merged tree; `<scratch space>` has what macros have put together
 */
export async function clangDeclarations(
  trees: readonly string[],
  headers: readonly string[],
): Promise<Map<string, SeenDeclarations>> {
  const dump = ['-fsyntax-only', '-Xclang', '-ast-dump', '-fno-color-diagnostics', '-x', 'c', '-'];
  const clang = spawn('clang', [...options(trees), ...dump], { stdio: ['pipe', 'pipe', 'ignore'] });
  clang.stdin.end(headers.map((header) => `#include <${header}>\n`).join(''));
  const found = new Map<string, SeenDeclarations>();
  const nesting: string[] = [];
  let file = '';
  /** The record or enum that the line before began, and where in the nesting. */
  let open: { readonly tags: Map<string, boolean>; readonly tag: string; readonly depth: number } | undefined;
  for await (const text of createInterface({ input: clang.stdout })) {
    const [, branches = '', kind = '', rest = ''] = line.exec(text) ?? [];
    if (kind === '') continue;
    const depth = branches.length;
    nesting.length = depth;
    nesting[depth] = kind;
    if (open && depth <= open.depth) open = undefined;
    // Members, not what describes the record itself.
    if (open && /^(Field|EnumConstant|Record|IndirectField)Decl$/.test(kind)) open.tags.set(open.tag, true);
    for (const [, named = ''] of rest.matchAll(inFile)) file = named;
    if (rest.includes('<invalid sloc>')) continue;
    if (nesting.some((one, place) => place < depth && !outside.has(one))) continue;
    const tree = trees.find((one) => file.startsWith(`${one}/`));
    const path = tree === undefined ? file : file.slice(tree.length + 1);
    const seen = found.get(path) ?? { tags: new Map<string, boolean>(), typedefs: new Set<string>() };
    found.set(path, seen);
    const typedef = kind === 'TypedefDecl' ? /(\w+) '[^']*'(?::'[^']*')?$/.exec(rest)?.[1] : undefined;
    if (typedef !== undefined) seen.typedefs.add(typedef);
    const tag =
      kind === 'RecordDecl'
        ? / (?:struct|union) (\w+) definition$/.exec(rest)?.[1]
        : kind === 'EnumDecl'
          ? /(?:line|col|\.h)[:\d]+ (?:referenced )?(\w+)(?: '[^']*'(?::'[^']*')?)?$/.exec(rest)?.[1]
          : undefined;
    if (tag !== undefined) {
      seen.tags.set(tag, seen.tags.get(tag) ?? false);
      open = { tags: seen.tags, tag, depth };
    }
  }
  return found;
}
