import { symlinkSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { existsSync } from 'node:fs';
import { configValue } from '../../src/format/kernel-config.ts';
import { resolveBtfids } from '../../src/artifact/kbuild.ts';
import { log } from '../log.ts';
import type { WorkTree } from './work-tree.ts';

/**
 * Stands for resolve_btfids, which fills in the numbers of types that a module names in its section .BTF_ids. Modules
 * without that section, most by far, it leaves as they are.
 */
const standIn = `#!/bin/sh
# Made by ikfs: the header archive has no resolve_btfids.
for module; do :; done
if readelf -SW "$module" | grep -q '\\.BTF_ids'; then
  echo "ikfs: $module has .BTF_ids, which nobody resolves: its kfuncs will not be found" >&2
fi
`;

/**
 * Has the module get BTF, if the kernel's modules have it: kbuild makes it when it finds vmlinux, by pahole and resolve_btfids.
 * Without one of these two it would not build the module at all, so then vmlinux goes, or resolve_btfids is stood in for.
 */
export function prepareModuleBtf(tree: WorkTree): void {
  if (!tree.has('.config') || configValue(tree.read('.config'), 'CONFIG_DEBUG_INFO_BTF_MODULES') !== 'y')
    return;
  if (!isInstalled('pahole')) {
    tree.removeFile('vmlinux');
    log('info', 'the module gets no BTF, as pahole is not installed');
    return;
  }
  if (!tree.has('vmlinux') && existsSync(tree.at('../vmlinux')))
    symlinkSync('../vmlinux', tree.at('vmlinux'));
  if (!tree.has('vmlinux') || tree.has(resolveBtfids)) return;
  // Since 6.19 that program has a part in making BTF itself (scripts/gen-btf.sh).
  if (tree.has('scripts/gen-btf.sh')) {
    tree.removeFile('vmlinux');
    log('info', `the module gets no BTF, as the header archive has no ${resolveBtfids}`);
    return;
  }
  tree.writeProgram(resolveBtfids, standIn);
}

function isInstalled(command: string): boolean {
  return (process.env['PATH'] ?? '').split(delimiter).some((folder) => existsSync(join(folder, command)));
}
