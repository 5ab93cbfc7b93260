import test from 'ava';
import { callsInTrace } from './compile.ts';

test('calls on the tree are taken from a trace, those that failed too, and no others', (t) => {
  const trace = [
    '21188 execve("/usr/bin/clang", ["clang"], 0x7ffd /* 20 vars */) = 0',
    '21188 openat(AT_FDCWD, "/etc/ld.so.cache", O_RDONLY|O_CLOEXEC) = 3',
    '21188 access("include/linux/kconfig.h.pch", F_OK) = -1 ENOENT (No such file or directory)',
    '21188 newfstatat(AT_FDCWD, "include", {st_mode=S_IFDIR|0755, st_size=4096, ...}, 0) = 0',
    '21188 openat(AT_FDCWD, "include/linux/sched.h", O_RDONLY|O_CLOEXEC) = 3',
    '21188 newfstatat(3, "", {st_mode=S_IFREG|0644, st_size=43458, ...}, AT_EMPTY_PATH) = 0',
    'openat(AT_FDCWD, "include/asm/types.h", O_RDONLY|O_CLOEXEC) = -1 ENOENT (No such file or directory)',
    '21188 +++ exited with 0 +++',
  ];
  t.deepEqual(callsInTrace(trace.join('\n')), [
    'stat include/linux/kconfig.h.pch',
    'stat include',
    'open include/linux/sched.h',
    'open include/asm/types.h',
  ]);
});
