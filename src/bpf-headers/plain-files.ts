import { endingMakefile } from '../format/makefile.ts';

/** Why no module can be built with headers made from BTF, and what would help. */
export function notForModules(release: string): { readonly message: string; readonly advice: string } {
  return {
    message: `headers for BPF programs only: bpf-headers/ of ${release} is made from BTF, so no module can be built with it`,
    advice: `Install linux-headers-${release} or kernel-devel-${release}, or give ikfs an archive of what they install (--headers FILE)`,
  };
}

/** Files of the tree that are no headers: what it is, and what it is not. */
export function plainFiles({ release }: { readonly release: string }): { path: string; text: string }[] {
  const { message, advice } = notForModules(release);
  return [
    {
      path: 'README',
      text: `Headers for BPF programs on Linux ${release}, made by ikfs from the kernel's BTF and configuration.

These are not the headers that the kernel was built with. Types have the layout that BTF tells of them, which is checked for each
that is written; constants and inline functions are those that BTF tells, and a selection written by hand. What is not known of
this kernel is left out, so that its use is an error when a program is compiled.

  bcc:       BCC_KERNEL_SOURCE=this directory
  bpftrace:  BPFTRACE_KERNEL_SOURCE=this directory
  both:      eval "$(ikfs env)", or ikfs exec -- COMMAND

Kernel modules can not be built with them: make says so and ends.
`,
    },
    // As in build/: nobody takes a tree for that of a kernel's build by this name, and GNU make reads it before all others.
    {
      path: 'GNUmakefile',
      text: endingMakefile(
        'Made by ikfs, as these headers are for BPF programs only.',
        `${message}. ${advice}`,
      ),
    },
  ];
}
