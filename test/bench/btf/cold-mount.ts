/*
 * cold-mount.js FOLDER ROUNDS SYSROOT NAME...: the time from a kernel's image to the last byte of types/vmlinux.h, by
 * `cat` through a mount whose store is empty, for each root directory and its name. In name spaces of its own (see
 * ../btf.ts); writes the rows to descriptor 3 as JSON. Images lie in the page cache, what is written goes to FOLDER.
 */
import { spawnSync } from 'node:child_process';
import {
  closeSync,
  cpSync,
  openSync,
  readdirSync,
  rmSync,
  statSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { FileSource } from '../../../src/bytes/file-source.ts';
import { parseBzImage } from '../../../src/format/bzimage.ts';
import { median } from '../row.ts';
import type { BenchRow } from '../row.ts';
import { mountIkfs } from '../transport/ikfs-subject.ts';
import { Mountpoints } from '../transport/peers.ts';
import { Samples, pairedRatio } from '../transport/samples.ts';

/** A program and its arguments. */
type Command = readonly [string, ...string[]];

/** Programs that undo the compression of kernels, by how their format begins. */
const decompressors: readonly { readonly magic: string; readonly command: Command }[] = [
  { magic: '1f8b', command: ['gzip', '-dcq'] },
  // The kernel's build puts the decoded size behind the stream.
  { magic: 'fd377a58', command: ['xz', '-dcq', '--single-stream'] },
];

/** A kernel, and what the peers work on. */
interface Subject {
  readonly name: string;
  readonly sysroot: string;
  readonly release: string;
  /** The image's compressed part as a file, and the program that decodes it. */
  readonly payload: string;
  readonly decompressor: Command;
}

/** What is measured in each round. */
const scenarios = {
  cat: 'cat types/vmlinux.h of a cold mount',
  fromMount: 'the same from `ikfs mount` on',
  unwrapped: 'the same, BTF being in the store',
  catBtf: 'cat btf/vmlinux of a cold mount',
  bpftool: 'bpftool',
  decompress: 'decompressing',
  decompressAndBpftool: 'decompressing, bpftool',
} as const;

type Scenario = (typeof scenarios)[keyof typeof scenarios];

/** The rows of a kernel: ours, the peer, and the bar. */
const comparisons: readonly (readonly [Scenario, Scenario, number?])[] = [
  [scenarios.cat, scenarios.bpftool, 1],
  [scenarios.fromMount, scenarios.bpftool],
  [scenarios.unwrapped, scenarios.bpftool, 1],
  [scenarios.catBtf, scenarios.decompress],
  [scenarios.cat, scenarios.decompressAndBpftool, 1],
];

/** Runs a command with its output going to a file. @returns its wall time in seconds */
function timeInto(output: string, [command, ...args]: Command): number {
  const descriptor = openSync(output, 'w');
  try {
    const started = performance.now();
    const { error, status } = spawnSync(command, args, { stdio: ['ignore', descriptor, 'inherit'] });
    const seconds = (performance.now() - started) / 1000;
    if (error) throw error;
    if (status !== 0) throw new Error(`${command} ended with ${status}`);
    return seconds;
  } finally {
    closeSync(descriptor);
  }
}

/** Takes the compressed part out of the image. */
function prepare(name: string, sysroot: string, folder: string): Subject {
  const [release = ''] = readdirSync(join(sysroot, 'lib', 'modules'));
  const image = FileSource.open(join(sysroot, 'boot', `vmlinuz-${release}`));
  try {
    const { offset, size } = parseBzImage(image).payload;
    const bytes = image.read(offset, size);
    const found = decompressors.find(({ magic }) => bytes.toString('hex', 0, magic.length / 2) === magic);
    if (found === undefined) throw new Error(`no program is known to decode ${image.name}`);
    const payload = join(folder, 'payload');
    writeFileSync(payload, bytes);
    return { name, sysroot, release, payload, decompressor: found.command };
  } finally {
    image.close();
  }
}

/** Where a measurement may write. */
interface Place {
  readonly folder: string;
  /** Of ikfs; made anew for each mount. */
  readonly store: string;
  readonly mountpoints: Mountpoints;
}

/**
 * Mounts a kernel, copies one of its files, and unmounts.
 * @returns wall times in seconds: of the copying, and of that with the mounting
 */
async function copyThroughMount(
  { sysroot, release }: Subject,
  file: string,
  into: string,
  { store, mountpoints }: Place,
): Promise<{ copying: number; all: number }> {
  const started = performance.now();
  const sources = ['--sysroot', sysroot];
  const mount = await mountIkfs({ transport: 'kernel', prefetch: false, sources, store }, mountpoints);
  try {
    const copying = timeInto(into, ['cat', join(mount.mountpoint, release, file)]);
    return { copying, all: (performance.now() - started) / 1000 };
  } finally {
    await mount.unmount();
  }
}

/** Measures a kernel. */
async function measure(subject: Subject, rounds: number, place: Place): Promise<Samples> {
  const { name, payload, decompressor } = subject;
  const file = (of: string): string => join(place.folder, of);
  const [output, btf, elf, unwrapped] = [file('output'), file('btf'), file('vmlinux'), file('unwrapped')];
  const bpftool = (of: string): number =>
    timeInto(output, ['bpftool', 'btf', 'dump', 'file', of, 'format', 'c']);
  const decompress = (): number => timeInto(elf, [...decompressor, payload]);

  await copyThroughMount(subject, 'btf/vmlinux', btf, place);
  cpSync(place.store, unwrapped, { recursive: true });
  const samples = new Samples();
  const steps: readonly (() => Promise<void> | void)[] = [
    async () => {
      const { copying, all } = await copyThroughMount(subject, 'types/vmlinux.h', output, place);
      if (statSync(output).size < 1_000_000) throw new Error('the header is not whole');
      samples.add(name, scenarios.cat, copying);
      samples.add(name, scenarios.fromMount, all);
    },
    async () => {
      const { copying } = await copyThroughMount(subject, 'btf/vmlinux', output, place);
      samples.add(name, scenarios.catBtf, copying);
    },
    async () => {
      cpSync(unwrapped, place.store, { recursive: true });
      const { copying } = await copyThroughMount(subject, 'types/vmlinux.h', output, place);
      samples.add(name, scenarios.unwrapped, copying);
    },
    () => {
      samples.add(name, scenarios.bpftool, bpftool(btf));
    },
    () => {
      const seconds = decompress();
      samples.add(name, scenarios.decompress, seconds);
      samples.add(name, scenarios.decompressAndBpftool, seconds + bpftool(elf));
    },
  ];
  for (let round = 0; round < rounds; round++)
    for (let step = 0; step < steps.length; step++) {
      rmSync(place.store, { recursive: true, force: true });
      // Each step comes first as often as any other.
      await steps[(round + step) % steps.length]?.();
    }
  rmSync(unwrapped, { recursive: true });
  return samples;
}

function rowsOf(kernel: string, samples: Samples): BenchRow[] {
  return comparisons.map(([ours, peer, bar]) => {
    const [ourFigures, peerFigures] = [samples.of(kernel, ours), samples.of(kernel, peer)];
    return {
      name: `${kernel}: ${ours}`,
      ours: median(ourFigures),
      peer: median(peerFigures),
      peerName: peer,
      ratio: pairedRatio(ourFigures, peerFigures),
      ...(bar === undefined ? {} : { bar }),
    };
  });
}

const [folder = '', rounds = '', ...kernels] = process.argv.slice(2);
const mountpoints = new Mountpoints(join(folder, 'mounts'));
const place: Place = { folder, store: join(folder, 'store'), mountpoints };
const rows: BenchRow[] = [];
for (let at = 0; at < kernels.length; at += 2) {
  const [sysroot = '', name = ''] = kernels.slice(at);
  rows.push(...rowsOf(name, await measure(prepare(name, sysroot, folder), Number(rounds), place)));
}
writeSync(3, JSON.stringify(rows));
