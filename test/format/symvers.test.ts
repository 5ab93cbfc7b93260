import test from 'ava';
import { symversLines } from '../../src/format/symvers.ts';

test('symversLines writes lines as modpost does, with all five fields', (t) => {
  const lines = symversLines('drivers/net/mii', [
    { name: 'mii_link_ok', namespace: '', crc: 0x39823de, type: 'EXPORT_SYMBOL' },
    { name: 'mii_inner', namespace: 'MII', crc: 0, type: 'EXPORT_SYMBOL_GPL' },
  ]);
  t.is(
    lines,
    '0x039823de\tmii_link_ok\tdrivers/net/mii\tEXPORT_SYMBOL\t\n' +
      '0x00000000\tmii_inner\tdrivers/net/mii\tEXPORT_SYMBOL_GPL\tMII\n',
  );
  t.is(symversLines('vmlinux', []), '');
});
