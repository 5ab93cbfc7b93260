/*
 * What kernel headers ask of clang that those who call it do not all give, each seen to fail and then to compile with clang 14
 * and bcc 0.26 (test/real/clang-tree.test.ts):
 *
 * - CONFIG_CC_IS_CLANG. The configuration is that of the compiler that built the kernel. Headers choose between what gcc and
 *   what clang knows by it: of PowerPC's asm constraints clang refuses "YZ<>" (arch/powerpc/include/asm/asm-compat.h).
 *   bcc says it since 0.35.
 * - KASAN_SHADOW_SCALE_SHIFT, which only a makefile gives (arch/arm64/Makefile) where the kernel has CONFIG_KASAN.
 * - uapi/linux/bpf.h. bcc brings a copy, as old as bcc, that is read in place of the kernel's; include/linux/bpf.h of a later
 *   kernel needs structures that it lacks (struct bpf_refcount since 6.4, bpf_wq since 6.10). bcc's own helpers.h names helpers
 *   that an early kernel has not, so the kernel's own is taken only since 6.2, whose list of helpers was the last.
 *
 * Not here, as no header can set it right: -fms-extensions, which headers need since 6.19 (bcc gives it since 0.37; before, a
 * program can by cflags). Nor asm goto and asm inline, which clang knows since 9 and 11, and which bcc and bpftrace hide from
 * earlier ones by themselves.
 */

/** `include/linux/kconfig.h` of clang/. */
export const kconfigForClang = `/* SPDX-License-Identifier: Apache-2.0 */
/* Made by ikfs: the kernel's own kconfig.h, and what its headers need to be read by clang. */
#include "../../../build/include/linux/kconfig.h"

#ifdef __clang__

#ifndef CONFIG_CC_IS_CLANG
#undef CONFIG_CC_IS_GCC
#undef CONFIG_GCC_VERSION
#undef CONFIG_CLANG_VERSION
#define CONFIG_CC_IS_CLANG 1
#define CONFIG_GCC_VERSION 0
#define CONFIG_CLANG_VERSION (__clang_major__ * 10000 + __clang_minor__ * 100 + __clang_patchlevel__)
#endif

#if defined(CONFIG_ARM64) && !defined(KASAN_SHADOW_SCALE_SHIFT)
#if defined(CONFIG_KASAN_SW_TAGS)
#define KASAN_SHADOW_SCALE_SHIFT 4
#elif defined(CONFIG_KASAN_GENERIC)
#define KASAN_SHADOW_SCALE_SHIFT 3
#endif
#endif

/* Where bcc keeps its copy of uapi/linux/bpf.h: the one that is read first is the one that counts. */
#if __has_include("/virtual/include/bcc/bpf.h")
#include <linux/version.h>
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 2, 0)
#include <uapi/linux/bpf.h>
#endif
#endif

#endif
`;
