/** Where bcc looks for headers in a tree for x86, in its order (src/cc/frontends/clang/kbuild_helper.cc). */
export const bccIncludeFolders = [
  'arch/x86/include',
  'arch/x86/include/generated',
  'include',
  'arch/x86/include/uapi',
  'arch/x86/include/generated/uapi',
  'include/uapi',
  'include/generated/uapi',
] as const;

/** What bcc defines for a program that includes kernel headers (src/cc/frontends/clang/loader.cc). */
export const bccDefinitions = [
  '-D__KERNEL__',
  '-D__BPF_TRACING__',
  '-DCC_USING_FENTRY',
  '-DKBUILD_MODNAME="ikfs"',
] as const;
