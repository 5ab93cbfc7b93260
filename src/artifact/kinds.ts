/** Every artifact that a kernel has one of, by its name in the kernel's directory. */
export const kernelArtifacts = [
  'version',
  'compiler',
  'config',
  'config.gz',
  'auto.conf',
  'kernel.release',
  'headers-only.mk',
  'kheaders.tar.xz',
  'build',
  'bpf-headers',
  'btf/vmlinux',
  'vmlinux',
  'types/vmlinux.h',
  'btf-flat/all',
  'modules.tsv',
  'Module.symvers',
] as const;

export type KernelArtifact = (typeof kernelArtifacts)[number];

/** What is known of an artifact before it has been made. */
export type Evidence =
  /** A source is there that has it. */
  | 'present'
  /** A source is there that may have it; only making it tells. */
  | 'possible'
  /** No source is there. */
  | 'none';
