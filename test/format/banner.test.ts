import test from 'ava';
import { MemorySource, WindowSource } from '../../src/bytes/byte-source.ts';
import { findBanner, parseBanner } from '../../src/format/banner.ts';
import { testWith } from '../requirements.ts';
import { corpusKernel } from './real-kernel.ts';

const debian =
  'Linux version 6.1.192-ik (root@vm) (gcc (Debian 12.2.0-14+deb12u1) 12.2.0, GNU ld (GNU Binutils for Debian) 2.40) ' +
  '#1 SMP PREEMPT_DYNAMIC Thu Nov 20 12:00:00 UTC 2026';

test('parseBanner keeps nested parentheses together', (t) => {
  t.deepEqual(parseBanner(`${debian}\n`), {
    release: '6.1.192-ik',
    builder: 'root@vm',
    compiler: 'gcc (Debian 12.2.0-14+deb12u1) 12.2.0, GNU ld (GNU Binutils for Debian) 2.40',
    version: '#1 SMP PREEMPT_DYNAMIC Thu Nov 20 12:00:00 UTC 2026',
    text: debian,
  });
});

test('parseBanner reads the form before the linker was named', (t) => {
  const old =
    'Linux version 4.15.0-20-generic (buildd@lgw01) (gcc version 7.3.0 (Ubuntu 7.3.0-16ubuntu3)) #21-Ubuntu SMP';
  t.like(parseBanner(old), {
    release: '4.15.0-20-generic',
    compiler: 'gcc version 7.3.0 (Ubuntu 7.3.0-16ubuntu3)',
    version: '#21-Ubuntu SMP',
  });
});

test('parseBanner takes nothing else for a banner', (t) => {
  for (const line of [
    '',
    'Linux version ',
    'Linux version %s (%s@%s) (%s) %s',
    'Linux version 6 (a@b) (gcc) #1',
    'Linux version 6.1/../.. (a@b) (gcc) #1',
    'Linux version 6.1 (a@b) #1',
    'Linux version 6.1 (a@b) (gcc (Debian) #1',
    'A Linux version 6.1 (a@b) (gcc) #1',
  ]) {
    t.is(parseBanner(line), undefined, line);
  }
});

test('findBanner passes over format strings and texts without an end', (t) => {
  const image = Buffer.from(
    `Linux version %s (%s)\n\0Linux version 5.4 (a@b)\0pad ${debian}\n\0 Linux version 9.9 (c@d) (gcc) #2\n`,
  );
  const found = findBanner(new MemorySource('Image', image));
  t.is(found?.banner.text, debian);
  t.is(found?.offset, image.indexOf(debian));
  t.is(found?.size, debian.length);
});

test('findBanner prefers the banner with a build number to the one of the first link', (t) => {
  const first = debian.replace('#1 SMP', '# SMP');
  const image = new MemorySource('Image', Buffer.from(`${first}\n\0${debian}\n\0`));
  t.is(findBanner(image)?.banner.text, debian);
  t.is(findBanner(image, [0])?.banner.text, first);
});

test('findBanner finds none that has no end', (t) => {
  const endless = new MemorySource('Image', Buffer.from(debian));
  t.is(findBanner(endless), undefined);
  const image = new MemorySource('Image', Buffer.from(`${debian}\n`));
  t.truthy(findBanner(image));
  t.is(findBanner(new WindowSource(image, 0, debian.length)), undefined);
});

test('findBanner finds one that lies across two reads', (t) => {
  const image = Buffer.alloc(3 << 20);
  const at = (1 << 20) - 6;
  image.write(`${debian}\n`, at);
  t.is(findBanner(new MemorySource('Image', image))?.offset, at);
});

testWith(['corpus'])('findBanner finds the banner of a real kernel', (t) => {
  const found = findBanner(corpusKernel());
  t.is(found?.banner.release, '6.1.192-ik');
  t.regex(found?.banner.compiler ?? '', /^gcc \(Debian 12\.2\.0-14\+deb12u1\) 12\.2\.0, GNU ld/);
  t.regex(found?.banner.version ?? '', /^#1 SMP/);
});
