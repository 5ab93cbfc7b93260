import test from 'ava';
import { runningSlotSuffix } from '../../src/format/bootconfig-slot.ts';
import { errorCode } from './error-code.ts';

test('runningSlotSuffix finds the slot on the command line', (t) => {
  const suffix = (commandLine: string): string | undefined => runningSlotSuffix({ commandLine });
  t.is(suffix('console=ttyMSM0 androidboot.slot_suffix=_a quiet\n'), '_a');
  t.is(suffix('androidboot.slot=b\n'), '_b');
  t.is(suffix('androidboot.slot=_b androidboot.slot_suffix=_a'), '_a');
  t.is(suffix('"androidboot.slot_suffix=_b"\n'), '_b');
  t.is(suffix('androidboot.slot_suffix="_b" quiet'), '_b');
  t.is(suffix('a="x androidboot.slot_suffix=_b" quiet'), undefined);
  t.is(suffix('xandroidboot.slot_suffix=_b'), undefined);
  t.is(suffix('root=/dev/sda1 quiet\n'), undefined);
  t.is(suffix(''), undefined);
});

test('runningSlotSuffix finds the slot in the boot configuration first', (t) => {
  const bootconfig = 'androidboot.hardware = "board"\nandroidboot.slot_suffix = "_b"\n';
  t.is(runningSlotSuffix({ bootconfig }), '_b');
  t.is(runningSlotSuffix({ bootconfig, commandLine: 'androidboot.slot_suffix=_a' }), '_b');
  t.is(runningSlotSuffix({ bootconfig: 'a = "b"\n', commandLine: 'androidboot.slot=a' }), '_a');
  t.is(runningSlotSuffix({ bootconfig: 'androidboot.slot = "a"\n' }), '_a');
  t.is(runningSlotSuffix({ bootconfig: '' }), undefined);
  t.is(runningSlotSuffix({}), undefined);
  t.is(
    errorCode(() => runningSlotSuffix({ bootconfig: 'a = "b' })),
    'corrupt',
  );
});

test('runningSlotSuffix gives nothing that could lead to another path', (t) => {
  for (const value of ['/../sda', '_', '', '_ab', '_A', '_1', '__a', '_a/']) {
    t.is(runningSlotSuffix({ commandLine: `androidboot.slot_suffix=${value}` }), undefined);
    t.is(runningSlotSuffix({ bootconfig: `androidboot.slot_suffix = "${value}"\n` }), undefined);
  }
});
