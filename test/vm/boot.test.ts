/*
 * The service on a Debian system that boots, with what issue 6 asks of it. The script in boot-checks.sh does all in
 * one boot, as booting costs most; its checks are named here, lest one that never ran goes unnoticed.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../../src/native.ts';
import { temporaryFolder } from '../open-tree.ts';
import { corpusTruth } from '../real/truth.ts';
import { testWith } from '../requirements.ts';
import { boot, bootNeeds } from './boot-machine.ts';

/** Seconds for all of it: it takes some minutes, of two processors that others use as well many more. */
const deadline = 2400;

/** What is compared with what the kernel's own build has put out. */
const artifacts = ['btf/vmlinux', 'btf/loop', 'btf/overlay', 'btf/kheaders', 'config', 'kheaders.tar.xz'];

testWith(bootNeeds).serial('the service from boot to stop', async (t) => {
  t.timeout(deadline * 1000 + 120_000);
  const folder = temporaryFolder();
  t.teardown(folder.remove);
  const here = (name: string): string => readFileSync(join(packageRoot, 'test', 'vm', name), 'utf8');
  const truth = corpusTruth();
  const sums = artifacts.map((name) => `${truth[name]?.sha256 ?? `no truth of ${name}`}  ${name}\n`).join('');
  const script = here('boot-checks.sh');
  const files = { sums, 'reader.mjs': here('boot-reader.mjs') };
  const started = performance.now();
  const { status, output, console } = await boot(folder.path, script, files, deadline);
  t.log(`${((performance.now() - started) / 1000).toFixed(0)} s\n${output}`);
  t.is(status, 0, `the machine did not get to the end: ${console.slice(-2000)}`);
  const names = [...script.matchAll(/^check '([^']+)'/gm)].map(([, name]) => name);
  const passed = [...output.matchAll(/^ok (.+) \([\d.]+ s\)$/gm)].map(([, name]) => name);
  t.deepEqual(passed, names);
});
