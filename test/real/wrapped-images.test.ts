/*
 * One kernel in every wrapping: whatever it lies in, the same artifacts come out under the same keys. The kernel is the
 * corpus' own, made flat by objcopy, with its header archive behind it: all that ikfs looks for is in there, and nothing
 * but its bytes tells where. Wrappings are made by the tools that make them for devices, where there are any.
 */
import { execFileSync } from 'node:child_process';
import { closeSync, openSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import test from 'ava';
import { buildAvbPartition, buildQualcommImage } from '../format/android-boot-builder.ts';
import { buildArmZImage } from '../format/arm-zimage-builder.ts';
import { buildBzImage } from '../format/bzimage-builder.ts';
import { buildEfiZboot } from '../format/efi-zboot-builder.ts';
import { buildPe } from '../format/pe-builder.ts';
import { buildS390Image } from '../format/s390-image-builder.ts';
import { openTree, temporaryFolder } from '../open-tree.ts';
import { FileSource } from '../../src/bytes/file-source.ts';
import { defaultLimits } from '../../src/bytes/limits.ts';
import { codecNames } from '../../src/codec/codec.ts';
import { unwrapImage } from '../../src/source/image.ts';
import { MemoryStore } from '../../src/store/memory-store.ts';
import { corpusRoot, testWith } from '../requirements.ts';
import type { Need } from '../requirements.ts';
import { corpusRelease, corpusTruth, sha256 } from './truth.ts';

/** A folder with the flat kernel, as `flat`, and its compressed forms by the names of their tools. */
const folder = temporaryFolder();
const flat = join(folder.path, 'flat');
test.after.always(() => {
  folder.remove();
});

/** Runs a command in the folder, its output going to a file there. */
function run(command: string, args: readonly string[], output?: string): void {
  const to = output === undefined ? ('ignore' as const) : openSync(join(folder.path, output), 'w');
  try {
    execFileSync(command, args, { cwd: folder.path, stdio: ['ignore', to, 'pipe'] });
  } finally {
    if (to !== 'ignore') closeSync(to);
  }
}

async function makeFlatKernel(): Promise<void> {
  const image = FileSource.open(join(corpusRoot(), 'boot', `vmlinuz-${corpusRelease}`));
  const store = new MemoryStore();
  const unwrapped = await unwrapImage(image, store.scratch, defaultLimits);
  const elf = join(folder.path, 'vmlinux');
  writeFileSync(elf, unwrapped.kernel.read(0, unwrapped.kernel.size));
  unwrapped.close();
  image.close();
  store.close();
  run('objcopy', ['-O', 'binary', elf, flat]);
  const tree = await openTree({ sysroot: corpusRoot() });
  writeFileSync(flat, await tree.read(`${corpusRelease}/kheaders.tar.xz`), { flag: 'a' });
  tree.close();
}

/** The flat kernel, made once. */
let made: Promise<void> | undefined;

const path = (name: string): string => join(folder.path, name);
const bytes = (name: string): Buffer => readFileSync(path(name));
const compressed = {
  gzip: () => run('gzip', ['-1c', 'flat'], 'flat.gz'),
  lz4Legacy: () => run('lz4', ['-1lc', 'flat'], 'flat.lz4'),
};

/** A wrapping: what is needed for it, how a file is made, and what `ikfs info` is to say of it. */
interface Wrapping {
  readonly needs: readonly Need[];
  /** Makes `image` in the folder of the flat kernel. */
  readonly make: () => void;
  readonly steps: readonly string[];
  /** Whether what the kernel exports can be told in it; it can. */
  readonly hasExports?: false;
}

const mkbootimg = (version: number, kernel: string, ...more: readonly string[]): void => {
  writeFileSync(path('ramdisk'), 'ramdisk');
  const options = ['--header_version', String(version), '--kernel', kernel, '--ramdisk', 'ramdisk', ...more];
  run('mkbootimg', [...options, '-o', 'image']);
};

const mkimage = (...options: readonly string[]): void => {
  run('mkimage', [...options, 'image']);
};

/** The source of a FIT image with two configurations, of which the second is the default. */
const fitSource = `/dts-v1/;
/ {
  description = "two kernels";
  #address-cells = <1>;
  images {
    old { data = /incbin/("ramdisk"); type = "kernel"; arch = "arm64"; os = "linux"; compression = "none"; load = <0>; entry = <0>; };
    new { data = /incbin/("flat.gz"); type = "kernel"; arch = "arm64"; os = "linux"; compression = "gzip"; load = <0>; entry = <0>; };
  };
  configurations {
    default = "b";
    a { kernel = "old"; };
    b { kernel = "new"; };
  };
};
`;

function makeFit(...options: readonly string[]): void {
  compressed.gzip();
  writeFileSync(path('ramdisk'), 'ramdisk');
  writeFileSync(path('image.its'), fitSource);
  mkimage(...options, '-f', 'image.its');
}

const wrappings: Readonly<Record<string, Wrapping>> = {
  gzip: { needs: [], make: () => run('gzip', ['-1c', 'flat'], 'image'), steps: ['gzip', 'flat image'] },
  nothing: { needs: [], make: () => run('cp', ['flat', 'image']), steps: ['flat image'] },
  bzip2: {
    needs: ['tool:bzip2'],
    make: () => run('bzip2', ['-1c', 'flat'], 'image'),
    steps: ['bzip2', 'flat image'],
  },
  xz: {
    needs: ['tool:xz'],
    make: () => run('xz', ['-0c', '--check=crc32', 'flat'], 'image'),
    steps: ['xz', 'flat image'],
  },
  lzma: {
    needs: ['tool:xz'],
    make: () => run('xz', ['-0c', '--format=lzma', 'flat'], 'image'),
    steps: ['lzma', 'flat image'],
  },
  lzo: {
    needs: ['tool:lzop'],
    make: () => run('lzop', ['-1c', 'flat'], 'image'),
    steps: ['lzo', 'flat image'],
  },
  'legacy lz4': {
    needs: ['tool:lz4'],
    make: () => run('lz4', ['-1lc', 'flat'], 'image'),
    steps: ['lz4-legacy', 'flat image'],
  },
  lz4: {
    needs: ['tool:lz4'],
    make: () => run('lz4', ['-1c', 'flat'], 'image'),
    steps: ['lz4', 'flat image'],
  },
  zstd: {
    needs: ['tool:zstd'],
    make: () => run('zstd', ['-1qc', 'flat'], 'image'),
    steps: ['zstd', 'flat image'],
  },
  'gzip with a device tree behind it': {
    needs: [],
    make() {
      compressed.gzip();
      writeFileSync(path('image'), Buffer.concat([bytes('flat.gz'), Buffer.from('d00dfeed00000048', 'hex')]));
    },
    steps: ['gzip', 'flat image'],
  },
  'Android boot v0': {
    needs: ['tool:mkbootimg'],
    make: () => mkbootimg(0, 'flat', '--pagesize', '2048'),
    steps: ['Android boot v0', 'flat image'],
  },
  'Android boot v1, gzip': {
    needs: ['tool:mkbootimg'],
    make() {
      compressed.gzip();
      mkbootimg(1, 'flat.gz', '--pagesize', '4096');
    },
    steps: ['Android boot v1', 'gzip', 'flat image'],
  },
  'Android boot v2 with a device tree': {
    needs: ['tool:mkbootimg', 'tool:lz4'],
    make() {
      compressed.lz4Legacy();
      writeFileSync(path('dtb'), 'a device tree');
      mkbootimg(2, 'flat.lz4', '--pagesize', '4096', '--dtb', 'dtb');
    },
    steps: ['Android boot v2', 'lz4-legacy', 'flat image'],
  },
  'Android boot v3, in a partition with a footer': {
    needs: ['tool:mkbootimg', 'tool:lz4'],
    make() {
      compressed.lz4Legacy();
      mkbootimg(3, 'flat.lz4');
      writeFileSync(path('image'), buildAvbPartition(bytes('image'), 64 * 1024 * 1024));
    },
    steps: ['Android boot v3', 'lz4-legacy', 'flat image'],
  },
  "Android boot v0 around Qualcomm's prefix": {
    needs: ['tool:mkbootimg'],
    make() {
      writeFileSync(path('prefixed'), buildQualcommImage(readFileSync(flat), Buffer.from('device trees')));
      mkbootimg(0, 'prefixed');
    },
    steps: ['Android boot v0', "Qualcomm's prefix", 'flat image'],
  },
  'uImage, gzip': {
    needs: ['tool:mkimage'],
    make() {
      compressed.gzip();
      mkimage('-A', 'arm64', '-O', 'linux', '-T', 'kernel', '-C', 'gzip', '-d', 'flat.gz');
    },
    steps: ['uImage', 'gzip', 'flat image'],
  },
  'uImage of several files': {
    needs: ['tool:mkimage'],
    make() {
      compressed.gzip();
      writeFileSync(path('ramdisk'), 'ramdisk');
      mkimage('-A', 'arm', '-O', 'linux', '-T', 'multi', '-C', 'gzip', '-d', 'flat.gz:ramdisk');
    },
    steps: ['uImage', 'gzip', 'flat image'],
  },
  'FIT image': {
    needs: ['tool:mkimage', 'tool:dtc'],
    make: () => {
      makeFit();
    },
    steps: ['FIT image', 'gzip', 'flat image'],
  },
  'FIT image with its data behind it': {
    needs: ['tool:mkimage', 'tool:dtc'],
    make: () => {
      makeFit('-E');
    },
    steps: ['FIT image', 'gzip', 'flat image'],
  },
  'EFI zboot': {
    needs: ['tool:zstd'],
    make() {
      run('zstd', ['-1qc', 'flat'], 'flat.zst');
      writeFileSync(path('image'), buildEfiZboot({ payload: bytes('flat.zst'), compression: 'zstd22' }));
    },
    steps: ['EFI zboot', 'zstd', 'flat image'],
  },
  'unified kernel image around a bzImage': {
    needs: [],
    make() {
      compressed.gzip();
      const linux = buildBzImage({ payload: bytes('flat.gz') });
      writeFileSync(path('image'), buildPe([{ name: '.linux', content: linux }]));
    },
    steps: ['unified kernel image', 'bzImage', 'gzip', 'flat image'],
  },
  'arm zImage': {
    needs: ['tool:lz4'],
    make() {
      compressed.lz4Legacy();
      writeFileSync(path('image'), buildArmZImage({ payload: bytes('flat.lz4') }));
    },
    steps: ['arm zImage', 'lz4-legacy', 'flat image'],
  },
  's390 image': {
    needs: ['tool:zstd'],
    make() {
      run('zstd', ['-1qc', 'flat'], 'flat.zst');
      writeFileSync(path('image'), buildS390Image({ payload: bytes('flat.zst') }));
    },
    steps: ['s390 image', 'zstd', 'flat image'],
    // Such a kernel is big-endian, and the one in it is not.
    hasExports: false,
  },
  'something that nobody knows': {
    needs: [],
    make() {
      compressed.gzip();
      writeFileSync(path('image'), Buffer.concat([Buffer.alloc(10_000, 'loader '), bytes('flat.gz')]));
    },
    steps: ['gzip', 'flat image'],
  },
};

/** Names of what the store keeps, which are its keys. */
const keysIn = (store: string): string[] =>
  readdirSync(store, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => join(basename(parentPath), name));

const artifacts = ['btf/vmlinux', 'config', 'config.gz', 'kheaders.tar.xz', 'types/vmlinux.h'] as const;

/** BTF, configuration and headers as they come out of a compressed kernel. */
const keptParts = 3;

/** Keys of what was made of the first compressed kernel. */
let keys: readonly string[] | undefined;

for (const [name, { needs, make, steps, hasExports }] of Object.entries(wrappings)) {
  testWith(['corpus', 'addon', 'tool:objcopy', ...needs]).serial(
    `a kernel in ${name}: everything is found, as it was`,
    async (t) => {
      made ??= makeFlatKernel();
      await made;
      make();
      const store = temporaryFolder();
      t.teardown(store.remove);
      const tree = await openTree({ images: [path('image')] }, { store: store.path });
      const truth = corpusTruth();
      for (const artifact of artifacts) {
        const found = await tree.read(`${corpusRelease}/${artifact}`);
        if (truth[artifact]) t.is(sha256(found), truth[artifact].sha256, artifact);
        else t.true(found.length > 100_000, artifact);
      }
      const outcome = await tree.catalogue.kernels.get(corpusRelease)?.artifact('btf/vmlinux');
      t.true(outcome?.state === 'ready');
      if (outcome?.state === 'ready')
        t.deepEqual(
          outcome.provenance.steps.map((step) => step.name),
          steps,
        );
      t.true((await tree.names(`${corpusRelease}/build/include`)).includes('linux'));
      tree.close();
      const ours = keysIn(store.path);
      // What lies in the image as it is, is served from there; what is made of it has the same keys.
      const isDecoded = steps.some((step) => (codecNames as readonly string[]).includes(step));
      if (isDecoded) keys ??= ours;
      const others = ours.filter((key) => keys !== undefined && !keys.includes(key));
      // One of them is the record of what was found in this file.
      t.true(others.length <= 1, others.join(' '));
      if (keys) t.is(ours.length, keys.length - (isDecoded ? 0 : keptParts) - (hasExports === false ? 1 : 0));
    },
  );
}
