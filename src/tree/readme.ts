/** The README at the root of the mount: what is here, and what a shell needs. One screen. */
export function readmeText(
  mountpoint: string,
  releases: readonly string[],
  running: string | undefined,
): string {
  const release = running ?? releases.at(-1) ?? 'RELEASE';
  const kernel = `${mountpoint}/${release}`;
  return `ikfs: what Linux kernels know about themselves, read-only.

One directory for each kernel release found on this system${
    running === undefined ? '' : `; running -> ${running}`
  }:

  version  compiler  config  config.gz    identity and configuration
  kheaders.tar.xz                         the header archive, as the kernel serves it
  build/  source -> build                 the header tree, unpacked, with .config, auto.conf, vmlinux
  clang/                                  the same for clang and bcc where they stumble over build/
  bpf-headers/                            headers for BPF programs, made from BTF: where there is no build/
  btf/vmlinux  btf/MODULE                 raw BTF; split BTF for every module on disk
  btf-flat/MODULE  btf-flat/all           BTF that needs no base; the kernel's and all modules' in one
  types/vmlinux.h  types/MODULE.h         the same as C: clang -target bpf -I ${kernel}/types
  vmlinux                                 a small ELF file that carries the BTF
  modules.tsv                             which module has BTF that a kernel would take, and why not
  Module.symvers                          checksums of what the kernel and its modules export
  sysroot/ at the top                     the same at the paths that tools know: sys/kernel/btf, boot/config-R

What a kernel does not carry is absent; status.json says why and what was tried.
Artifacts are made when they are first used.

  both:      eval "$(ikfs env)"
  bcc:       export BCC_KERNEL_SOURCE=${kernel}/build    # or bpf-headers
  bpftrace:  export BPFTRACE_KERNEL_SOURCE=${kernel}/build    # or bpf-headers
  bpftool:   bpftool btf dump file ${kernel}/btf/MODULE -B ${kernel}/btf/vmlinux
`;
}
