/*
 * npm run bcc-tools -- [6.1-cloud|6.1|6.12-cloud]: every program of Debian's bpfcc-tools, compiled with bcc against Debian's own
 * linux-headers of a kernel, and against build/ of an ikfs that has the same headers as an archive; side by side. Status 1
 * when a program compiles against Debian's and not against build/, or to other code.
 *
 * The programs are captured by the harness that lies beside the checkout (../shared/tools/bcc-compile); root, bpfcc-tools
 * and bpftool are needed. Nothing is attached.
 */
import { readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { formatTable } from '../../daemon/table.ts';
import { packageRoot } from '../../src/native.ts';
import { debianKernels, unpackedPackage } from '../debian-kernels.ts';
import type { DebianKernel } from '../debian-kernels.ts';
import { run, startDaemon } from '../mount/daemon.ts';
import { temporaryFolder } from '../open-tree.ts';
import { archiveHeaders, mergeHeaders } from './merged-headers.ts';

/** What compile.py writes of each program. */
type Compiled = Readonly<
  Record<
    string,
    {
      readonly rc: number;
      /** Checksum and number of instructions of each BPF function. */
      readonly out: {
        readonly t: number;
        readonly h: Readonly<Record<string, readonly [string, number]>>;
      } | null;
    }
  >
>;

const harness = process.env['IKFS_BCC_COMPILE'] ?? join(packageRoot, '..', 'shared', 'tools', 'bcc-compile');
const kernel = (process.argv[2] ?? '6.1-cloud') as DebianKernel;
if (!(kernel in debianKernels)) throw new Error(`no kernel ${kernel} is known here`);
const image = unpackedPackage(kernel);
if (image === undefined)
  throw new Error(`the package of ${kernel} was not fetched: dist/test/fetch-debian-kernels.js`);
const release = basename(image)
  .replace(/^linux-image-/, '')
  .replace(/-unsigned$/, '');
const scratch = temporaryFolder();
const at = (name: string): string => join(scratch.path, name);
const python = '/usr/bin/python3';

async function compile(tree: string, result: string): Promise<Compiled> {
  const started = performance.now();
  await run(python, [join(harness, 'compile.py'), at('programs'), at(result)], {
    BCC_KERNEL_SOURCE: tree,
    DUMP: '1',
  });
  const compiled = JSON.parse(readFileSync(at(result), 'utf8')) as Compiled;
  const good = Object.values(compiled).filter(({ rc }) => rc === 0).length;
  const seconds = ((performance.now() - started) / 1000).toFixed(0);
  console.log(`${result}: ${good} of ${Object.keys(compiled).length} compile (${seconds} s)`);
  return compiled;
}

mergeHeaders(release, at('headers'));
await archiveHeaders(at('headers'), at('kheaders.tar.xz'));
const daemon = await startDaemon([
  ...['--image', join(image, 'boot', `vmlinuz-${release}`)],
  ...['--headers', at('kheaders.tar.xz'), '--release', release],
]);
try {
  const btf = join(daemon.mountpoint, release, 'btf', 'vmlinux');
  await run('sh', ['-c', 'bpftool -j btf dump file "$1" > "$2"', 'sh', btf, at('types.json')]);
  await run(python, [join(harness, 'ktypes.py'), at('types.json'), at('types.pkl')]);
  await run('bash', [join(harness, 'capall.sh'), at('types.pkl'), at('programs')]);
  const theirs = await compile(at('headers'), 'linux-headers');
  const ours = await compile(join(daemon.mountpoint, release, 'build'), 'ikfs');
  const word = (rc: number | undefined): string => (rc === 0 ? 'compiles' : 'fails');
  let different = 0;
  const rows = Object.entries(theirs).map(([name, { rc, out }]) => {
    const mine = ours[name];
    const same = JSON.stringify(mine?.out?.h) === JSON.stringify(out?.h);
    if (rc === 0 && !same) different += 1;
    return [name, word(rc), word(mine?.rc), rc === 0 ? (same ? 'same code' : 'OTHER CODE') : ''];
  });
  const titles = ['program', 'linux-headers', 'ikfs', ''].map((title) => ({ title }));
  process.stdout.write(formatTable(titles, rows));
  console.log(`${rows.length} programs, ${different} differ`);
  process.exitCode = different === 0 && rows.length > 0 ? 0 : 1;
} finally {
  await daemon.stop();
  scratch.remove();
}
