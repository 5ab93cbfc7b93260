import type { Constants } from './entry.ts';

/** What nearly every header brings: the dialect of C that kernel headers are written in. */
export const language: readonly Constants[] = [
  {
    headers: ['include/linux/kconfig.h'],
    // What headers of a kernel build declare and these do not have would else be called at an address that is not known,
    // which a kernel refuses when the program is loaded.
    text: `#ifdef __clang__
#pragma clang diagnostic error "-Wimplicit-function-declaration"
#endif`,
    source: 'clang manual, controlling diagnostics via pragmas',
  },
  {
    headers: ['include/linux/kconfig.h'],
    // Options are 1 or not defined, so a name pasted in front tells one from the other.
    text: `#include <generated/autoconf.h>
#ifdef CONFIG_CPU_BIG_ENDIAN
#define __BIG_ENDIAN 4321
#else
#define __LITTLE_ENDIAN 1234
#endif
#define __IKFS_SET_1 ,
#define __ikfs_second(first, second, ...) second
#define __ikfs_is_one(comma) __ikfs_second(comma 1, 0)
#define __ikfs_is_set(value) __ikfs_is_one(__IKFS_SET_##value)
#define __is_defined(name) __ikfs_is_set(name)
#define IS_BUILTIN(option) __is_defined(option)
#define IS_MODULE(option) __is_defined(option##_MODULE)
#define IS_ENABLED(option) (IS_BUILTIN(option) || IS_MODULE(option))
#define IS_REACHABLE(option) IS_BUILTIN(option)`,
    source: 'Documentation/kbuild/kconfig-language.rst; Documentation/process/coding-style.rst, 21',
  },
  {
    headers: ['include/linux/compiler_types.h', 'include/linux/types.h'],
    text: `#ifndef __user
#define __user
#define __kernel
#define __iomem
#define __rcu
#define __percpu
#define __force
#define __nocast
#define __safe
#define __private
#define __bitwise
#define __must_hold(lock)
#define __acquires(lock)
#define __releases(lock)
#define __randomize_layout
#define __ro_after_init
#define __read_mostly
#define __init
#define __exit
#define notrace
#define asmlinkage
#define __must_check __attribute__((warn_unused_result))
#define __always_inline inline __attribute__((always_inline))
#define noinline __attribute__((noinline))
#define __packed __attribute__((packed))
#define __aligned(bytes) __attribute__((aligned(bytes)))
#define __maybe_unused __attribute__((unused))
#define __always_unused __attribute__((unused))
#define __used __attribute__((used))
#define __section(name) __attribute__((section(name)))
#define __weak __attribute__((weak))
#define __printf(format, first) __attribute__((format(printf, format, first)))
#define likely(condition) __builtin_expect(!!(condition), 1)
#define unlikely(condition) __builtin_expect(!!(condition), 0)
#define barrier() __asm__ __volatile__("" ::: "memory")
#define fallthrough __attribute__((fallthrough))
#define __same_type(one, other) __builtin_types_compatible_p(__typeof__(one), __typeof__(other))
#define inline inline __attribute__((gnu_inline)) __attribute__((unused))
#endif`,
    source:
      'Documentation/process/programming-language.rst; Documentation/dev-tools/sparse.rst; gcc manual, attributes',
  },
  {
    headers: ['include/linux/types.h'],
    text: `#define __aligned_u64 __u64 __attribute__((aligned(8)))
#define __aligned_be64 __be64 __attribute__((aligned(8)))
#define __aligned_le64 __le64 __attribute__((aligned(8)))
#define aligned_u64 __aligned_u64
#define DECLARE_BITMAP(name, bits) unsigned long name[((bits) + __BITS_PER_LONG - 1) / __BITS_PER_LONG]
#ifndef __BITS_PER_LONG
#define __BITS_PER_LONG (__SIZEOF_LONG__ * 8)
#endif
#define BITS_PER_LONG __BITS_PER_LONG
#define BITS_PER_LONG_LONG 64`,
    source: 'include/uapi/linux/types.h (meanings); Documentation/driver-api/basics.rst',
  },
  {
    headers: ['include/linux/stddef.h', 'include/linux/types.h'],
    text: `#ifndef NULL
#define NULL ((void *)0)
#endif
#ifndef offsetof
#define offsetof(type, member) __builtin_offsetof(type, member)
#endif
#define sizeof_field(type, member) sizeof(((type *)0)->member)
#define offsetofend(type, member) (offsetof(type, member) + sizeof_field(type, member))`,
    source: 'C11 7.19; Documentation/driver-api/basics.rst',
  },
  {
    headers: ['include/linux/types.h', 'include/linux/string.h'],
    text: `void *memcpy(void *, const void *, unsigned long);
void *memmove(void *, const void *, unsigned long);
void *memset(void *, int, unsigned long);
int memcmp(const void *, const void *, unsigned long);`,
    source: 'C11 7.24 (compilers know these functions themselves)',
  },
  {
    headers: ['include/linux/container_of.h', 'include/linux/kernel.h'],
    text: `#ifndef container_of
#define container_of(pointer, type, member) \\
  ((type *)((char *)(pointer) - __builtin_offsetof(type, member)))
#endif`,
    source: 'Documentation/driver-api/driver-model/design-patterns.rst',
  },
  {
    headers: ['include/linux/compiler.h', 'include/asm-generic/rwonce.h', 'include/linux/kernel.h'],
    text: `#ifndef READ_ONCE
#define READ_ONCE(place) (*(const volatile __typeof__(place) *)&(place))
#define WRITE_ONCE(place, value) (*(volatile __typeof__(place) *)&(place) = (value))
#endif`,
    source: 'Documentation/memory-barriers.txt, compiler barrier',
  },
  {
    headers: ['include/linux/log2.h'],
    // Macros, as they are used where C wants a constant.
    text: `#define ilog2(number) (63 - __builtin_clzll(number))
#define order_base_2(number) ((number) > 1 ? 64 - __builtin_clzll((number) - 1) : 0)
#define roundup_pow_of_two(number) ((number) > 1 ? 1UL << (64 - __builtin_clzll((number) - 1)) : 1UL)
#define rounddown_pow_of_two(number) (1UL << ilog2(number))
static inline __attribute__((always_inline)) _Bool is_power_of_2(unsigned long number) {
  return number != 0 && (number & (number - 1)) == 0;
}`,
    source: 'Documentation/core-api/kernel-api.rst, base 2 log',
  },
  {
    headers: ['include/linux/minmax.h', 'include/linux/kernel.h'],
    text: `#ifndef min
#define min(one, other) ({ __typeof__(one) __one = (one); __typeof__(other) __other = (other); __one < __other ? __one : __other; })
#define max(one, other) ({ __typeof__(one) __one = (one); __typeof__(other) __other = (other); __one > __other ? __one : __other; })
#define min_t(type, one, other) ({ type __one = (one); type __other = (other); __one < __other ? __one : __other; })
#define max_t(type, one, other) ({ type __one = (one); type __other = (other); __one > __other ? __one : __other; })
#define clamp(value, low, high) min(max(value, low), high)
#endif`,
    source: 'Documentation/core-api/kernel-api.rst',
  },
  {
    headers: ['include/linux/kernel.h', 'include/linux/array_size.h'],
    text: `#ifndef ARRAY_SIZE
#define ARRAY_SIZE(array) (sizeof(array) / sizeof((array)[0]))
#endif`,
    source: 'Documentation/process/coding-style.rst, 18',
  },
  {
    headers: ['include/linux/err.h'],
    text: `#define MAX_ERRNO 4095
#define IS_ERR_VALUE(value) ((unsigned long)(void *)(value) >= (unsigned long)-MAX_ERRNO)
static inline __attribute__((always_inline)) void *ERR_PTR(long error) { return (void *)error; }
static inline __attribute__((always_inline)) long PTR_ERR(const void *pointer) { return (long)pointer; }
static inline __attribute__((always_inline)) _Bool IS_ERR(const void *pointer) { return IS_ERR_VALUE((unsigned long)pointer); }
static inline __attribute__((always_inline)) _Bool IS_ERR_OR_NULL(const void *pointer) {
  return !pointer || IS_ERR_VALUE((unsigned long)pointer);
}`,
    source: 'Documentation/core-api/kernel-api.rst; Documentation/process/coding-style.rst, 16',
  },
  {
    headers: ['include/linux/bits.h', 'include/vdso/bits.h'],
    text: `#ifndef BIT
#define BIT(number) (1UL << (number))
#define BIT_ULL(number) (1ULL << (number))
#endif`,
    source: 'Documentation/core-api/kernel-api.rst, bit operations',
  },
  {
    headers: ['include/linux/math64.h'],
    text: `static inline __attribute__((always_inline)) u64 div_u64(u64 dividend, u32 divisor) { return dividend / divisor; }
static inline __attribute__((always_inline)) u64 div64_u64(u64 dividend, u64 divisor) { return dividend / divisor; }`,
    source: 'Documentation/core-api/kernel-api.rst, division functions',
  },
  {
    headers: ['include/linux/kdev_t.h'],
    text: `#define MINORBITS 20
#define MINORMASK ((1U << MINORBITS) - 1)
#define MAJOR(device) ((unsigned int)((device) >> MINORBITS))
#define MINOR(device) ((unsigned int)((device) & MINORMASK))
#define MKDEV(major, minor) (((major) << MINORBITS) | (minor))`,
    source: 'Documentation/admin-guide/devices.rst; Linux Device Drivers, 3rd edition, chapter 3',
  },
  {
    headers: ['include/asm-generic/param.h', 'include/uapi/asm-generic/param.h'],
    text: `#ifndef HZ
#define HZ CONFIG_HZ
#define USER_HZ 100
#endif`,
    source: 'time(7)',
  },
];
