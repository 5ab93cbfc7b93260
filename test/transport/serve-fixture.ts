/*
 * Mounts the fixture tree with fuse-native: node serve-fixture.js MOUNTPOINT. Takes commands as lines on stdin
 * and answers with lines of JSON on stdout. A process of its own, as the daemon is, because who serves a mount
 * must not wait for it.
 *
 *   status TEXT   status.json becomes TEXT
 *   finish        slow/file is made
 *   requests      the counts so far, and how often slow/file was begun to be made
 *   unmount       ends the mount and the process
 */
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { ContentReader } from '../../src/artifact/content-reader.ts';
import { IkfsError, asIkfsError } from '../../src/errors.ts';
import { fuseNative } from '../../src/transport/fuse-native.ts';
import type { Mounted } from '../../src/transport/transport.ts';
import { directory, failingFile, file, link, slowFile, volatileFile } from '../tree-fixture.ts';

function say(event: Record<string, unknown>): void {
  process.stdout.write(`${JSON.stringify(event)}\n`);
}

let status = '{"state":"first"}';
const slow = slowFile('made at last\n');
const root = directory({
  config: file('CONFIG_IKCONFIG=y\n'),
  'big.bin': file(Buffer.alloc(3_000_001, 'ikfs')),
  empty: file(''),
  script: file('#!/bin/sh\necho ran\n', 0o755),
  source: link('build'),
  build: directory({ 'a.h': file('#pragma once\n'), 'b c,d.h': file('x') }),
  broken: failingFile(new IkfsError('corrupt', 'bad magic')),
  slow: directory({ file: slow }),
  many: directory(Object.fromEntries(Array.from({ length: 5000 }, (_, i) => [`module_${i}`, file('')]))),
  'status.json': volatileFile(() => status),
});

async function mount(mountpoint: string): Promise<Mounted> {
  return fuseNative.mount(
    { root, reader: new ContentReader() },
    {
      mountpoint,
      allowOther: true,
      onEnd: () => {
        say({ ended: true });
        process.stdin.pause();
      },
      onError: (error) => {
        say({ failed: asIkfsError(error).message });
      },
    },
  );
}

async function obey(mounted: Mounted, line: string): Promise<void> {
  const [command, ...rest] = line.split(' ');
  switch (command) {
    case 'status':
      status = rest.join(' ');
      say({ done: command });
      break;
    case 'finish':
      slow.finish();
      say({ done: command });
      break;
    case 'requests':
      say({ requests: mounted.requests(), slowFilesMade: slow.made });
      break;
    case 'unmount':
      await Promise.all([mounted.unmount(), mounted.unmount()]);
      say({ unmounted: true });
      process.exit(0);
      break;
    default:
      say({ unknown: line });
  }
}

try {
  const mounted = await mount(process.argv[2] ?? '');
  process.on('SIGTERM', () => {
    void obey(mounted, 'unmount');
  });
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
