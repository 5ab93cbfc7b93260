#include "fence/calls.h"

#include <sched.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#include <bit>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace ikfs::fence {

namespace {

/** AUDIT_ARCH_*: the ELF machine number, with bits for 64-bit and little-endian (audit(7)'s header). */
constexpr std::uint32_t is_64_bit = 0x8000'0000;
constexpr std::uint32_t is_little = 0x4000'0000;
#if defined(__x86_64__) && !defined(__ILP32__)
constexpr std::uint32_t machine = 62 | is_64_bit | is_little;
#elif defined(__aarch64__)
constexpr std::uint32_t machine = 183 | is_64_bit | is_little;
#elif defined(__arm__) && defined(__ARM_EABI__)
constexpr std::uint32_t machine = 40 | is_little;
#elif defined(__riscv) && __riscv_xlen == 64
constexpr std::uint32_t machine = 243 | is_64_bit | is_little;
#elif defined(__s390x__)
constexpr std::uint32_t machine = 22 | is_64_bit;
#elif defined(__powerpc64__) && defined(__LITTLE_ENDIAN__)
constexpr std::uint32_t machine = 21 | is_64_bit | is_little;
#else
// Of other machines not all ways to the kernel are known here (socketcall, several numberings).
constexpr std::uint32_t machine = 0;
#endif

/** Numbers from here on are those of x32 on x86-64 (Documentation/userspace-api/seccomp_filter.rst). */
constexpr std::uint32_t x32_calls = 0x4000'0000;

/** One instruction of classic BPF, struct sock_filter. */
struct Instruction {
  std::uint16_t code;
  std::uint8_t if_true;
  std::uint8_t if_false;
  std::uint32_t operand;
};

/** struct sock_fprog. */
struct Program {
  std::uint16_t length;
  const Instruction* instructions;
};

/** Offsets in struct seccomp_data: number, machine, instruction pointer, six arguments of 64 bits. */
constexpr std::uint32_t number_at = 0;
constexpr std::uint32_t machine_at = 4;
constexpr std::uint32_t first_argument_at = 16;
/** The low half of an argument. */
constexpr std::uint32_t low_half_at(std::uint32_t argument) {
  return first_argument_at + argument * 8 + (std::endian::native == std::endian::big ? 4 : 0);
}

/** Which argument of clone(2) the flags are. */
#ifdef __s390x__
constexpr std::uint32_t clone_flags = 1;
#else
constexpr std::uint32_t clone_flags = 0;
#endif

/** Codes of classic BPF: load a word, jump, return. */
constexpr std::uint16_t load = 0x20;
constexpr std::uint16_t jump_equal = 0x15;
constexpr std::uint16_t jump_not_below = 0x35;
constexpr std::uint16_t jump_any_bit = 0x45;
constexpr std::uint16_t give = 0x06;

/** SECCOMP_RET_*. */
constexpr std::uint32_t allow = 0x7fff'0000;
constexpr std::uint32_t kill_process = 0x8000'0000;
constexpr std::uint32_t fail_with(std::uint32_t error) { return 0x0005'0000 | error; }

constexpr long mode_filter = 2;

/** CLONE_NEW*: a thread or process in namespaces of its own, in which it might mount. */
constexpr std::uint32_t new_namespaces =
    CLONE_NEWNS | CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS | CLONE_NEWCGROUP;

/** Calls since Linux 5.1, of the same number on every machine and newer than many a C library's list. */
enum SinceLinux51 : std::uint32_t {
  io_uring_setup = 425,
  io_uring_enter = 426,
  io_uring_register = 427,
  open_tree = 428,
  move_mount = 429,
  fsopen = 430,
  fsconfig = 431,
  fsmount = 432,
  fspick = 433,
  clone3 = 435,
  pidfd_getfd = 438,
  process_madvise = 440,
  mount_setattr = 442,
  fchmodat2 = 452,
  setxattrat = 463,
  removexattrat = 466,
  open_tree_attr = 467,
};

/** By what they would do. Not every machine has each. */
constexpr std::uint32_t refused[] = {
    // Change what is mounted, and where.
    SYS_mount,
    SYS_umount2,
    SYS_pivot_root,
    SYS_chroot,
    open_tree,
    move_mount,
    fsopen,
    fsconfig,
    fsmount,
    fspick,
    mount_setattr,
    open_tree_attr,
    SYS_swapon,
    SYS_swapoff,
    SYS_quotactl,
    // Change or start a kernel.
    SYS_init_module,
    SYS_finit_module,
    SYS_delete_module,
    SYS_kexec_load,
    SYS_reboot,
    SYS_bpf,
#ifdef SYS_kexec_file_load
    SYS_kexec_file_load,
#endif
#ifdef SYS_iopl
    SYS_iopl,
    SYS_ioperm,
    SYS_modify_ldt,
#endif
    // Look into other processes.
    SYS_ptrace,
    SYS_process_vm_readv,
    SYS_process_vm_writev,
    SYS_kcmp,
    pidfd_getfd,
    process_madvise,
    SYS_perf_event_open,
    // Leave the namespaces or enter others.
    SYS_setns,
// Change owners and rights of files, which Landlock does not see, or open them past it.
#ifdef SYS_chmod
    SYS_chmod,
    SYS_chown,
    SYS_lchown,
    SYS_mknod,
#endif
    SYS_fchmod,
    SYS_fchmodat,
    fchmodat2,
    SYS_fchown,
    SYS_fchownat,
    SYS_mknodat,
    SYS_setxattr,
    SYS_lsetxattr,
    SYS_fsetxattr,
    setxattrat,
    SYS_removexattr,
    SYS_lremovexattr,
    SYS_fremovexattr,
    removexattrat,
    SYS_open_by_handle_at,
    SYS_name_to_handle_at,
    // Become somebody else.
    SYS_setuid,
    SYS_setgid,
    SYS_setreuid,
    SYS_setregid,
    SYS_setresuid,
    SYS_setresgid,
    SYS_setfsuid,
    SYS_setfsgid,
    SYS_setgroups,
    // Change the machine's clock, name, keys and log.
    SYS_settimeofday,
    SYS_clock_settime,
    SYS_adjtimex,
    SYS_clock_adjtime,
    SYS_sethostname,
    SYS_setdomainname,
    SYS_keyctl,
    SYS_add_key,
    SYS_request_key,
    SYS_syslog,
    SYS_acct,
    SYS_vhangup,
    // Doors into the kernel that have often been found open, and that nothing here goes through.
    SYS_userfaultfd,
    SYS_fanotify_init,
    SYS_personality,
    SYS_lookup_dcookie,
    io_uring_setup,
    io_uring_enter,
    io_uring_register,
};

/** Puts the filter together; every jump goes forward by a number that the code beside it shows. */
std::vector<Instruction> filter() {
  std::vector<Instruction> code{
      {load, 0, 0, machine_at},
      {jump_equal, 1, 0, machine},
      {give, 0, 0, kill_process},
      {load, 0, 0, number_at},
  };
  const auto then_fail = [&code](Instruction test, std::uint32_t error) {
    test.if_false = 1;
    code.push_back(test);
    code.push_back({give, 0, 0, fail_with(error)});
  };
#ifdef __x86_64__
  code.push_back({jump_not_below, 0, 1, x32_calls});
  code.push_back({give, 0, 0, kill_process});
#endif
  for (const auto number : refused) then_fail({jump_equal, 0, 0, number}, EPERM);
  // Its flags lie in memory, which a filter can not see; C libraries fall back to clone.
  then_fail({jump_equal, 0, 0, clone3}, ENOSYS);
  // Those of which an argument decides: the flags of a new process, the family of a socket.
  code.push_back({jump_equal, 0, 4, SYS_clone});
  code.push_back({load, 0, 0, low_half_at(clone_flags)});
  then_fail({jump_any_bit, 0, 0, new_namespaces}, EPERM);
  code.push_back({give, 0, 0, allow});
  // A thread may have descriptors of its own (CLONE_FILES) and so leave the others', and nothing else.
  code.push_back({jump_equal, 0, 4, SYS_unshare});
  code.push_back({load, 0, 0, low_half_at(0)});
  then_fail({jump_any_bit, 0, 0, ~static_cast<std::uint32_t>(CLONE_FILES)}, EPERM);
  code.push_back({give, 0, 0, allow});
  code.push_back({jump_equal, 0, 3, SYS_socket});
  code.push_back({load, 0, 0, low_half_at(0)});
  code.push_back({jump_equal, 1, 0, AF_UNIX});
  code.push_back({give, 0, 0, fail_with(EPERM)});
  code.push_back({give, 0, 0, allow});
  return code;
}

}  // namespace

Result<bool> refuse_calls() {
  if (machine == 0) return false;
  const auto code = filter();
  const Program program{static_cast<std::uint16_t>(code.size()), code.data()};
  if (prctl(PR_SET_SECCOMP, mode_filter, &program, 0, 0) == 0) return true;
  if (errno == EINVAL || errno == ENOSYS) return false;
  return system_failure("seccomp", errno);
}

}  // namespace ikfs::fence
