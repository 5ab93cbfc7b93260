#include "core/output.h"

#include <unistd.h>

#include <cerrno>

namespace ikfs {

Status MemoryOutput::write(Bytes bytes) {
  bytes_.insert(bytes_.end(), bytes.begin(), bytes.end());
  return {};
}

Status FileOutput::write(Bytes bytes) {
  while (!bytes.empty()) {
    const ssize_t count = pwrite(descriptor_, bytes.data(), bytes.size(), static_cast<off_t>(written_));
    if (count < 0) {
      if (errno == EINTR) continue;
      return system_failure("writing the decoded bytes", errno);
    }
    written_ += static_cast<std::uint64_t>(count);
    bytes = bytes.subspan(static_cast<std::size_t>(count));
  }
  return {};
}

}  // namespace ikfs
