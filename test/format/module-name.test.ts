import test from 'ava';
import { isModuleFile, moduleNameOf, modulePathIn } from '../../src/format/module-name.ts';

test('moduleNameOf strips suffixes and turns dashes round', (t) => {
  t.is(moduleNameOf('chacha-x86_64.ko'), 'chacha_x86_64');
  t.is(moduleNameOf('snd-hda-intel.ko.xz'), 'snd_hda_intel');
  t.is(moduleNameOf('nfs.ko.zst'), 'nfs');
  t.is(moduleNameOf('nfs.ko.gz'), 'nfs');
});

test('isModuleFile takes plain and compressed modules only', (t) => {
  for (const name of ['a.ko', 'a-b.ko.gz', 'a.ko.xz', 'a.ko.zst']) t.true(isModuleFile(name), name);
  for (const name of ['.ko', 'a.ko.sig', 'a.kox', 'ko', 'modules.dep', 'a.ko.xz.tmp', ''])
    t.false(isModuleFile(name), name);
});

test('modulePathIn is what kbuild calls a module', (t) => {
  t.is(modulePathIn('kernel/sound/pci/hda/snd-hda-intel.ko.xz'), 'sound/pci/hda/snd-hda-intel');
  t.is(modulePathIn('kernel/kernel/kheaders.ko'), 'kernel/kheaders');
  t.is(modulePathIn('updates/dkms/nvidia.ko.zst'), 'updates/dkms/nvidia');
  t.is(modulePathIn('mii.ko'), 'mii');
});
