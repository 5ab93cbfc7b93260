import type { Constants } from './entry.ts';

/** Pages and where memory lies. */
export const memory: readonly Constants[] = [
  {
    headers: [
      'arch/ARCH/include/asm/page.h',
      'arch/ARCH/include/asm/page_types.h',
      'arch/ARCH/include/asm/page-def.h',
    ],
    text: `#ifndef PAGE_SIZE
#ifdef CONFIG_PAGE_SHIFT
#define PAGE_SHIFT CONFIG_PAGE_SHIFT
#elif defined(CONFIG_ARM64_PAGE_SHIFT)
#define PAGE_SHIFT CONFIG_ARM64_PAGE_SHIFT
#elif defined(CONFIG_PPC_PAGE_SHIFT)
#define PAGE_SHIFT CONFIG_PPC_PAGE_SHIFT
#elif defined(CONFIG_PAGE_SIZE_64KB)
#define PAGE_SHIFT 16
#elif defined(CONFIG_PAGE_SIZE_16KB)
#define PAGE_SHIFT 14
#else
#define PAGE_SHIFT 12
#endif
#define PAGE_SIZE (1UL << PAGE_SHIFT)
#define PAGE_MASK (~(PAGE_SIZE - 1))
#endif`,
    source: 'getpagesize(2); arch/*/Kconfig',
  },
  {
    headers: ['arch/ARCH/include/asm/page.h', 'arch/ARCH/include/asm/page_types.h'],
    machines: ['x86'],
    when: 'tag:pt_regs',
    // Where the kernel is moved at start, only a variable tells; programs get a copy of it that nothing fills.
    text: `#ifdef CONFIG_X86_64
#ifndef __PAGE_OFFSET_BASE_L4
#define __PAGE_OFFSET_BASE_L4 0xffff888000000000UL
#define __PAGE_OFFSET_BASE_L5 0xff11000000000000UL
extern unsigned long page_offset_base, vmemmap_base, vmalloc_base;
#ifdef CONFIG_DYNAMIC_MEMORY_LAYOUT
#define __PAGE_OFFSET page_offset_base
#else
#define __PAGE_OFFSET __PAGE_OFFSET_BASE_L4
#endif
#define PAGE_OFFSET ((unsigned long)__PAGE_OFFSET)
#endif
#endif`,
    source: 'Documentation/arch/x86/x86_64/mm.rst',
  },
];
