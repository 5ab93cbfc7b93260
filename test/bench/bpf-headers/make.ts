/*
 * make.js SYSROOT: makes bpf-headers/ of the kernel below it in a store with nothing but its BTF and configuration, once, and
 * writes the CPU seconds that took to descriptor 3. A process of its own, as code that has run before is faster.
 */
import { readdirSync, statSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { openTree, temporaryFolder } from '../../open-tree.ts';

function bytesIn(folder: string): number {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map((name) => statSync(join(folder, name)))
    .reduce((sum, stat) => sum + (stat.isFile() ? stat.size : 0), 0);
}

const [sysroot = ''] = process.argv.slice(2);
const { path, remove } = temporaryFolder();
const tree = await openTree({ sysroot }, { store: path });
try {
  const [kernel] = tree.catalogue.kernels.values();
  if (!kernel) throw new Error(`there is no kernel below ${sysroot}`);
  await kernel.artifact('config');
  await kernel.artifact(kernel.hasModules() ? 'btf-flat/all' : 'btf/vmlinux');
  const before = bytesIn(path);
  const started = process.cpuUsage();
  await kernel.headers.bpf();
  const { user, system } = process.cpuUsage(started);
  writeSync(3, JSON.stringify({ seconds: (user + system) / 1e6, bytes: bytesIn(path) - before }));
} finally {
  tree.close();
  remove();
}
