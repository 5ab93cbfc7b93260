#include "fence/capabilities.h"

#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdint>

namespace ikfs::fence {

namespace {

/** Numbers of capabilities(7). */
constexpr unsigned dac_read_search = 2;
constexpr unsigned sys_nice = 23;
constexpr std::uint32_t kept = 1U << dac_read_search | 1U << sys_nice;

/** No kernel has more; asking for one that it does not know ends the loop below. */
constexpr unsigned most_capabilities = 64;

/** capget(2): version 3 of the interface has 64 bits, in two halves. */
constexpr std::uint32_t interface_version = 0x20080522;

struct Header {
  std::uint32_t version;
  std::int32_t process;
};

struct Half {
  std::uint32_t effective;
  std::uint32_t permitted;
  std::uint32_t inheritable;
};

using Sets = std::array<Half, 2>;

bool is_kept(unsigned capability) { return capability < 32 && (kept >> capability & 1) != 0; }

}  // namespace

Status drop_capabilities() {
  for (unsigned capability = 0; capability < most_capabilities; ++capability) {
    if (is_kept(capability) || prctl(PR_CAPBSET_DROP, capability, 0, 0, 0) == 0) continue;
    // EINVAL: there are no more. EPERM: this process has none to drop, and no_new_privs keeps it so.
    if (errno == EINVAL || errno == EPERM) break;
    return system_failure("dropping capabilities", errno);
  }
  // Ambient ones go with the inheritable set. A kernel before 4.3 has none.
  Header header{interface_version, 0};
  Sets sets{};
  if (syscall(SYS_capget, &header, sets.data()) != 0) return system_failure("capget", errno);
  sets[0] = {sets[0].permitted & kept, sets[0].permitted & kept, 0};
  sets[1] = {0, 0, 0};
  if (syscall(SYS_capset, &header, sets.data()) != 0) return system_failure("capset", errno);
  return {};
}

}  // namespace ikfs::fence
