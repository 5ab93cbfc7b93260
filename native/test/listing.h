#pragma once

#include <string>
#include <vector>

#include "test/fake_kernel.h"

namespace ikfs::test {

/** A name in a listing. */
struct Listed {
  std::string name;
  fuse::DirectoryEntry entry;
  /** All zero in a listing without attributes. */
  fuse::EntryOut attributes;
};

/** Takes the answer to READDIR, or with `plus` to READDIRPLUS, apart as the kernel does. */
std::vector<Listed> listed_in(const Answer& answer, bool plus);

/** The names, with a space between them. */
std::string names_of(const std::vector<Listed>& listed);

/** Lists a directory to its end, in answers of at most `size` bytes. */
std::vector<Listed> list(FakeKernel& kernel, fuse::NodeId node, std::uint32_t size, bool plus = false);

}  // namespace ikfs::test
