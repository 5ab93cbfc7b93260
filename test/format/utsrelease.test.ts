import test from 'ava';
import { parseUtsRelease } from '../../src/format/utsrelease.ts';
import { errorCode } from './error-code.ts';

test('parseUtsRelease reads the one definition', (t) => {
  t.is(parseUtsRelease('#define UTS_RELEASE "6.1.192-ik"\n'), '6.1.192-ik');
  t.is(parseUtsRelease('/* made by kbuild */\n#define UTS_RELEASE "5.4.40"'), '5.4.40');
});

test('parseUtsRelease refuses texts without it', (t) => {
  for (const text of [
    '',
    '#define UTS_RELEASE ""\n',
    '#define UTS_VERSION "#1"\n',
    '#define UTS_RELEASE "a b"\n',
  ]) {
    t.is(
      errorCode(() => parseUtsRelease(text)),
      'corrupt',
      text,
    );
  }
});
