/*
 * Mounts the fixture tree: `serve-fixture.js TRANSPORT MOUNTPOINT [READERS]`. Takes commands as lines on stdin
 * and answers each with a line of JSON on stdout; ends by itself when the mount has ended and stdin as well. A
 * process of its own, as the daemon is, because who serves a mount must not wait for it.
 *
 *   status TEXT   status.json becomes TEXT
 *   finish        slow/file is made
 *   mend          mendable can be made from now on
 *   requests      the counts so far
 *   made          how often slow/file was begun to be made
 *   failures      what has been reported so far
 *   warm FOLDER   fills the kernel's caches with a folder of the mount
 *   unmount       ends the mount, as SIGTERM does
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { ContentReader } from '../../src/artifact/content-reader.ts';
import { IkfsError, asIkfsError, describeError, errorCodes } from '../../src/errors.ts';
import { fuseNative } from '../../src/transport/fuse-native.ts';
import { kernelTransport } from '../../src/transport/kernel.ts';
import type { Mounted } from '../../src/transport/transport.ts';
import type { DirectoryNode, FileNode } from '../../src/tree/node.ts';
import {
  directory,
  failingFile,
  file,
  link,
  slowFile,
  volatileFile,
  wholeDirectory,
} from '../tree-fixture.ts';

function say(event: Record<string, unknown>): void {
  process.stdout.write(`${JSON.stringify(event)}\n`);
}

const failures: string[] = [];
let status = '{"state":"first"}';
let mended = false;
const slow = slowFile('made at last\n');

/** A file that fails to be made, until its inputs are mended. */
function mendableFile(): FileNode {
  const [good, bad] = [file('mended\n'), failingFile(new IkfsError('corrupt', 'not mended'))];
  return {
    ...good,
    size: () => (mended ? good : bad).size(),
    content: () => (mended ? good : bad).content(),
  };
}

/** A directory in which a name that is listed turns out to have nothing behind it, and is not listed again. */
function doubtfulDirectory(): DirectoryNode {
  const all = directory({ absent: file(''), there: file('there\n') });
  let known = false;
  return {
    ...all,
    list: async () => (await all.list()).filter(({ name }) => !(known && name === 'absent')),
    lookup: async (name) => {
      known ||= name === 'absent';
      return name === 'absent' ? undefined : all.lookup(name);
    },
  };
}

const tree = directory({
  config: file('CONFIG_IKCONFIG=y\n'),
  'big.bin': file(Buffer.alloc(3_000_001, 'ikfs')),
  empty: file(''),
  script: file('#!/bin/sh\necho ran\n', 0o755),
  source: link('build'),
  build: wholeDirectory({
    'a.h': '#pragma once\n',
    'b c,d.h': 'x',
    'include/same.h': { target: '../a.h' },
    'include/deep.h': 'deep\n',
  }),
  broken: directory(
    Object.fromEntries(
      errorCodes.map((code) => [code, failingFile(new IkfsError(code, `${code} on purpose`))]),
    ),
  ),
  mendable: mendableFile(),
  doubtful: doubtfulDirectory(),
  slow: directory({ file: slow }),
  many: directory(Object.fromEntries(Array.from({ length: 5000 }, (_, i) => [`module_${i}`, file('')]))),
  'status.json': volatileFile(() => status),
});

/** Number 1 is the root's in the kernel's protocol. */
const root: DirectoryNode = { ...tree, inode: 1 };

const [transportName, mountpoint = '', readers] = process.argv.slice(2);

async function mount(): Promise<Mounted> {
  const transport = [kernelTransport, fuseNative].find(({ name }) => name === transportName);
  if (!transport) throw new IkfsError('usage', `there is no transport '${String(transportName)}'`);
  return transport.mount(
    { root, reader: new ContentReader() },
    {
      mountpoint,
      allowOther: true,
      ...(readers === undefined ? {} : { readers: Number(readers) }),
      onEnd: () => {
        say({ ended: true });
      },
      onError: (error) => failures.push(describeError(asIkfsError(error))),
    },
  );
}

async function obey(mounted: Mounted, line: string): Promise<void> {
  const [command, ...rest] = line.split(' ');
  switch (command) {
    case 'status':
      status = rest.join(' ');
      break;
    case 'finish':
      slow.finish();
      break;
    case 'mend':
      mended = true;
      break;
    case 'requests':
      say({ requests: mounted.requests() });
      return;
    case 'made':
      say({ made: slow.made });
      return;
    case 'failures':
      say({ failures });
      return;
    case 'warm':
      say({ warmed: await mounted.warm([join(mountpoint, rest.join(' '))], 2 ** 30) });
      return;
    case 'unmount':
      await Promise.all([mounted.unmount(), mounted.unmount()]);
      say({ unmounted: true });
      return;
    default:
      throw new Error(`there is no command '${line}'`);
  }
  say({ done: command });
}

try {
  const mounted = await mount();
  process.on('SIGTERM', () => void obey(mounted, 'unmount'));
  createInterface({ input: process.stdin }).on('line', (line) => void obey(mounted, line));
  say({
    mounted: mounted.transport,
    process: process.pid,
    libfuse: /\S*libfuse\.so\S*$/m.exec(readFileSync('/proc/self/maps', 'utf8'))?.[0] ?? null,
  });
} catch (error) {
  const { code, message, advice } = asIkfsError(error);
  say({ refused: code, message, advice });
}
