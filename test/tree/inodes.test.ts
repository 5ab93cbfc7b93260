import test from 'ava';
import { Inodes } from '../../src/tree/inodes.ts';

/** Numbers of the modules of some kernels, each asked for in turn. */
function numbersOf(inodes: Inodes, kernels: number): number[] {
  return Array.from({ length: kernels * 200 }, (_, each) =>
    inodes.of(`6.${each % kernels}/btf/module${Math.floor(each / kernels)}`, '1.0'),
  );
}

test('a path keeps its number, however many others are asked for', (t) => {
  const inodes = new Inodes();
  t.is(inodes.of(''), 1);
  const first = numbersOf(inodes, 5);
  t.is(new Set([1, ...first]).size, first.length + 1);
  inodes.letGo();
  t.deepEqual(numbersOf(inodes, 5), first);
});

test('another state of a path has another number', (t) => {
  const inodes = new Inodes();
  const before = inodes.of('6.1/btf/ext4', '1.0');
  t.not(inodes.of('6.1/btf/ext4', '1.1'), before);
  t.is(inodes.of('6.1/btf/ext4', '1.0'), before);
});

test('a tree that numbers its own nodes shares no number', (t) => {
  const inodes = new Inodes();
  const build = inodes.of('6.1/build', '1');
  const first = inodes.block('6.1/build/', '1', 100);
  const next = inodes.of('6.1/config', '1');
  t.true(build < first);
  t.is(next, first + 100);
  t.is(inodes.block('6.1/build/', '1', 100), first);
});
