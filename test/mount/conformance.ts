/*
 * What users see of a mount, whatever the transport; through the programs that they have. What differs by nature
 * is not asked here: a transport's own tests have that.
 */
import { open, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { errorCodes } from '../../src/errors.ts';
import { errnoByCode } from '../../src/transport/errno.ts';
import { temporaryFolder } from '../open-tree.ts';
import { testWith } from '../requirements.ts';
import { fixtureModified } from '../tree-fixture.ts';
import { testLifetime } from './conformance-lifetime.ts';
import {
  complaint,
  mountFixture,
  mountLine,
  needsOf,
  run,
  shell,
  until,
  waitForSlowFile,
} from './conformance-mount.ts';
import type { TransportName } from './conformance-mount.ts';
import { undisturbed } from './request-counts.ts';

/** Registers the tests that every transport has to pass. */
export function testConformance(transport: TransportName): void {
  testAttributes(transport);
  testReading(transport);
  testFailures(transport);
  testMaking(transport);
  testStatus(transport);
  testLifetime(transport);
}

function testAttributes(transport: TransportName): void {
  const testMount = testWith(needsOf[transport]);

  testMount('stat shows what the tree says, and the mount is read-only', async (t) => {
    const { mountpoint } = await mountFixture(t, transport);
    t.regex((await mountLine(mountpoint)) ?? '', /^ikfs \S+ fuse\.ikfs ro,nosuid,nodev,/);
    const seconds = fixtureModified / 1000;
    const listing = await shell(
      mountpoint,
      "stat -c '%n: %F %a %s %b %h %u:%g %X %Y %Z' big.bin build empty script source",
    );
    t.deepEqual(listing.trim().split('\n'), [
      `big.bin: regular file 644 3000001 5860 1 0:0 ${seconds} ${seconds} ${seconds}`,
      `build: directory 755 0 0 1 0:0 ${seconds} ${seconds} ${seconds}`,
      `empty: regular empty file 644 0 0 1 0:0 ${seconds} ${seconds} ${seconds}`,
      `script: regular file 755 19 1 1 0:0 ${seconds} ${seconds} ${seconds}`,
      `source: symbolic link 777 5 1 1 0:0 ${seconds} ${seconds} ${seconds}`,
    ]);
    const commands = ['echo x > new', 'echo x >> config', 'rm config', 'mkdir d', 'chmod 600 config'];
    for (const command of [...commands, 'ln -s config l', 'mv config other']) {
      t.regex(await complaint(mountpoint, command), /Read-only file system/, command);
    }
  });

  testMount('names, types and inode numbers agree between readdir and stat', async (t) => {
    const { mountpoint } = await mountFixture(t, transport);
    for (const folder of ['.', 'build', 'build/include', 'broken']) {
      const listed = await shell(mountpoint, `find ${folder} -mindepth 1 -maxdepth 1 -printf '%i %y %f\\n'`);
      const lines = listed.trimEnd().split('\n');
      const numbers = lines.map((line) => line.split(' ')[0]);
      t.is(new Set(numbers).size, numbers.length, 'no two files share a number');
      // What is in broken/ has no attributes.
      if (folder === 'broken') continue;
      for (const line of lines) {
        const [, number = '', letter = '', name = ''] = /^(\d+) (.) (.*)$/.exec(line) ?? [];
        if (folder === '.' && name === 'mendable') continue;
        const seen = await shell(mountpoint, `find '${folder}/${name}' -maxdepth 0 -printf '%i %y'`);
        t.is(seen, `${number} ${letter}`, name);
      }
    }
    t.is((await shell(mountpoint, 'ls many | sort -u | wc -l')).trim(), '5000');
    t.is((await shell(mountpoint, 'find . -type d | wc -l')).trim(), '7', 'find enters every directory');
    const parent = await shell(mountpoint, 'ls -ai build | awk \'$2 == ".." { print $1 }\'; stat -c %i .');
    t.regex(parent, /^(\d+)\n\1\n$/);
  });

  testMount('a listing that is read in parts has every name once', async (t) => {
    const { mountpoint } = await mountFixture(t, transport);
    // Each goes on where it is, while the others read the same directory.
    const readers = Array.from({ length: 4 }, () => shell(mountpoint, 'ls -f many | sort | uniq -c'));
    for (const names of await Promise.all(readers)) {
      const lines = names.trimEnd().split('\n');
      t.is(lines.length, 5002);
      t.true(lines.every((line) => line.trimStart().startsWith('1 ')));
    }
  });
}

function testReading(transport: TransportName): void {
  const testMount = testWith(needsOf[transport]);

  testMount('files are read, linked and run', async (t) => {
    const { mountpoint } = await mountFixture(t, transport);
    t.is(await shell(mountpoint, 'cat config empty'), 'CONFIG_IKCONFIG=y\n');
    t.is(await shell(mountpoint, 'cat source/a.h'), '#pragma once\n');
    t.is(await shell(mountpoint, "cat 'build/b c,d.h'"), 'x');
    t.is(await shell(mountpoint, 'cat source/include/same.h'), '#pragma once\n');
    t.is(await shell(mountpoint, './script'), 'ran\n');
    t.is(await shell(mountpoint, 'readlink source build/include/same.h'), 'build\n../a.h\n');
  });

  testMount('a large file is right from every side, for several readers at once', async (t) => {
    const { mountpoint } = await mountFixture(t, transport);
    const expected = Buffer.alloc(3_000_001, 'ikfs');
    const readAll = (): Promise<{ stdout: Buffer }> =>
      run('cat', [join(mountpoint, 'big.bin')], { encoding: 'buffer', maxBuffer: 1 << 24 });
    for (const { stdout } of await Promise.all([readAll(), readAll(), readAll()])) {
      t.true(stdout.equals(expected));
    }
    t.is(await shell(mountpoint, 'tail -c 5 big.bin'), String(expected.subarray(-5)));
    t.is(await shell(mountpoint, 'tail -c +3000001 big.bin; tail -c +3000002 big.bin'), 'i');
    t.is(await shell(mountpoint, 'dd if=big.bin bs=7 skip=300000 count=2 status=none'), 'ikfsikfsikfsik');
  });

  testWith([...needsOf[transport], 'tool:python3'])('mmap sees the same bytes as read', async (t) => {
    const { mountpoint } = await mountFixture(t, transport);
    const script = [
      'import mmap',
      "f = open('big.bin', 'rb')",
      'm = mmap.mmap(f.fileno(), 0, prot=mmap.PROT_READ)',
      'print(len(m), m[:] == f.read())',
    ].join('\n');
    const { stdout } = await run('python3', ['-c', script], { cwd: mountpoint });
    t.is(stdout, '3000001 True\n');
  });

  testMount('cp -a and tar take it over as it is', async (t) => {
    const { mountpoint } = await mountFixture(t, transport);
    const { path, remove } = temporaryFolder();
    t.teardown(remove);
    await shell(mountpoint, `cp -a build source script '${path}'`);
    await shell(
      mountpoint,
      `mkdir '${path}/tar' && tar -cf - build source script | tar -C '${path}/tar' -xf -`,
    );
    const listing = (folder: string): Promise<string> =>
      shell(folder, "find build source script -printf '%p %y %m %T@ %l\\n' | sort");
    for (const copy of [path, join(path, 'tar')]) {
      await shell(mountpoint, `diff -r --no-dereference build '${copy}/build'`);
      t.is(await listing(copy), await listing(mountpoint));
    }
  });

  testMount('df shows the mount', async (t) => {
    const { mountpoint } = await mountFixture(t, transport);
    t.is(await shell(mountpoint, 'stat -f -c %l .'), '255\n');
    t.regex(await shell(mountpoint, 'df -P . | tail -n 1'), /^ikfs /);
  });

  testMount('what was looked up or read once is not asked for again', async (t) => {
    const { mountpoint, server } = await mountFixture(t, transport);
    const script = 'cat build/a.h big.bin config > /dev/null; stat build/missing.h 2> /dev/null || true';
    const requests = (): Promise<unknown> => server.ask('requests', 'requests');
    const [cold, warm] = await undisturbed(
      async () => {
        await shell(mountpoint, script);
        const before = await requests();
        await shell(mountpoint, script);
        return [before, await requests()];
      },
      ([before, after]) => isDeepStrictEqual(before, after),
    );
    t.deepEqual(warm, cold);
  });
}

/** The errno, positive, that opening a path ends with; 0 when it does not fail. */
async function openErrno(path: string): Promise<number> {
  try {
    await (await open(path)).close();
    return 0;
  } catch (error) {
    return -((error as NodeJS.ErrnoException).errno ?? 0);
  }
}

function testFailures(transport: TransportName): void {
  const testMount = testWith(needsOf[transport]);

  testMount('what programs get wrong, they are told', async (t) => {
    const { mountpoint, server } = await mountFixture(t, transport);
    t.regex(await complaint(mountpoint, 'cat nothing'), /No such file or directory/);
    t.regex(await complaint(mountpoint, 'cat build/nothing/at/all'), /No such file or directory/);
    t.regex(await complaint(mountpoint, 'cat config/below'), /Not a directory/);
    t.regex(await complaint(mountpoint, 'cat build'), /Is a directory/);
    t.regex(await complaint(mountpoint, 'ls config/'), /Not a directory/);
    t.regex(await complaint(mountpoint, 'readlink -v config'), /Invalid argument/);
    t.deepEqual(await server.ask('failures', 'failures'), [], 'that is nothing to report');
  });

  testMount('each failure has its own errno, each time, and is reported once with its path', async (t) => {
    const { mountpoint, server } = await mountFixture(t, transport);
    for (const code of [...errorCodes, ...errorCodes]) {
      t.is(await openErrno(join(mountpoint, 'broken', code)), errnoByCode[code], code);
    }
    t.regex(await complaint(mountpoint, 'cat broken/corrupt'), /Bad message/);
    const reported = (await server.ask('failures', 'failures')) as string[];
    t.deepEqual(reported.sort(), errorCodes.map((code) => `/broken/${code}: ${code} on purpose`).sort());
    t.is(await shell(mountpoint, 'cat config'), 'CONFIG_IKCONFIG=y\n');
  });

  testMount('what failed is made as soon as it can be', async (t) => {
    const { mountpoint, server } = await mountFixture(t, transport);
    t.regex(await complaint(mountpoint, 'cat mendable'), /Bad message/);
    await server.ask('mend');
    t.is(await shell(mountpoint, 'cat mendable'), 'mended\n');
  });

  testMount('a name with nothing behind it is gone as soon as that is known', async (t) => {
    const { mountpoint, server } = await mountFixture(t, transport);
    t.is(await shell(mountpoint, 'ls doubtful'), 'absent\nthere\n');
    t.regex(await complaint(mountpoint, 'cat doubtful/absent'), /No such file or directory/);
    await until(async () => (await shell(mountpoint, 'ls doubtful')) === 'there\n');
    t.is(await shell(mountpoint, 'cat doubtful/there'), 'there\n');
    t.deepEqual(await server.ask('failures', 'failures'), []);
  });
}

function testMaking(transport: TransportName): void {
  const testMount = testWith(needsOf[transport]);

  testMount('listing makes nothing', async (t) => {
    const { mountpoint, server } = await mountFixture(t, transport);
    await shell(mountpoint, 'ls -f slow broken && find . > /dev/null && ls -1U --color=never . slow');
    t.is(await server.ask('made', 'made'), 0);
    t.deepEqual(await server.ask('failures', 'failures'), []);
  });

  testMount('a slow artifact is made once for all, and does not hold up other directories', async (t) => {
    const mount = await mountFixture(t, transport);
    const { mountpoint, server } = mount;
    await waitForSlowFile(t, mount);
    const waiting = [shell(mountpoint, 'cat slow/file'), shell(mountpoint, 'wc -c < slow/file')];
    t.is(await shell(mountpoint, 'cat build/a.h'), '#pragma once\n');
    t.is((await shell(mountpoint, 'ls -a many | wc -l')).trim(), '5002');
    await server.ask('finish');
    t.deepEqual(await Promise.all(waiting), ['made at last\n', '13\n']);
    t.is(await server.ask('made', 'made'), 1);
  });
}

function testStatus(transport: TransportName): void {
  const testMount = testWith(needsOf[transport]);

  testMount('status.json is whole and soon current, whether its length changes or not', async (t) => {
    const { mountpoint, server } = await mountFixture(t, transport);
    const read = async (): Promise<unknown> =>
      JSON.parse(await shell(mountpoint, 'cat status.json')) as unknown;
    t.deepEqual(await read(), { state: 'first' });
    const states = [
      { state: 'other' },
      { state: 'x'.repeat(10_000) },
      { state: 'y'.repeat(10_000) },
      { a: 1 },
    ];
    for (const state of states) {
      await server.ask(`status ${JSON.stringify(state)}`);
      await until(async () => {
        t.true((await stat(join(mountpoint, 'status.json'))).size > 0);
        // What is not current yet must be whole all the same: JSON.parse would throw.
        return JSON.stringify(await read()) === JSON.stringify(state);
      });
      // Nobody is between these two, so the size must be that of the bytes.
      t.regex(await shell(mountpoint, 'exec < status.json; stat -L -c %s -; wc -c'), /^(\d+)\n\1\n$/);
    }
  });
}
