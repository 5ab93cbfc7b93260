#pragma once

#include <memory>
#include <string>
#include <vector>

#include "fuse/node_table.h"

namespace ikfs::test {

/** A directory whose names are known. @param known_below whether all that is below it is known as well */
fuse::Node directory(fuse::NodeId parent, std::vector<fuse::Directory::Named> entries,
                     bool known_below = false);

/** A directory that is there, and whose names are to be asked for. */
fuse::Node unlisted_directory();

/** A file with bytes in memory. */
fuse::Node file(std::string bytes);

/** A file with a part of a blob. */
fuse::Node file(std::shared_ptr<const fuse::Blob> blob, std::uint64_t offset, std::uint64_t size);

/** A file whose bytes change by themselves, as they are at the moment. */
fuse::Node volatile_file(std::string bytes);

/** A node of which only the name and kind are known. */
fuse::Node unsettled(fuse::NodeKind kind);

fuse::Node link_to(std::string target);

/** A node that has gone. */
fuse::Node gone();

/** What has a fixed number in the tree below. */
namespace sample {
inline constexpr fuse::NodeId root = 1;
inline constexpr fuse::NodeId folder = 2;
inline constexpr fuse::NodeId hello = 3;
inline constexpr fuse::NodeId link = 4;
inline constexpr fuse::NodeId later = 5;
inline constexpr fuse::NodeId unlisted = 6;
inline constexpr fuse::NodeId live = 7;
inline constexpr fuse::NodeId broken = 8;
inline constexpr fuse::NodeId inner = 9;
/** No node. */
inline constexpr fuse::NodeId nobody = 4000;
}  // namespace sample

/**
 * A small tree with a node of each kind: `folder/inner`, `hello` ("hello, world"), `link`, `later` (not
 * settled), `unlisted` (a directory without names), `live` (volatile) and `broken`, a file of 100 bytes whose
 * blob has 10.
 */
std::vector<fuse::NodeUpdate> sample_tree();

}  // namespace ikfs::test
