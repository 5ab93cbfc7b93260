import test from 'ava';
import { joinOptions, libfuseOptions } from '../../src/transport/libfuse-options.ts';

test('a value cannot smuggle in another option', (t) => {
  t.is(joinOptions({ fsname: 'a,suid', ro: true, dev: false, max: 3 }), 'fsname=a\\,suid,ro,max=3');
  t.is(joinOptions({ fsname: 'back\\slash' }), 'fsname=back\\\\slash');
});

test('others may look inside only when asked for', (t) => {
  t.false(libfuseOptions(false).includes('allow_other'));
  t.true(libfuseOptions(true).split(',').includes('allow_other'));
  t.regex(libfuseOptions(true), /^-oro,nosuid,nodev,/);
});
