#include "test/stress_world.h"

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <thread>

#include "test/nodes.h"
#include "test/runner.h"

namespace ikfs::test {

using fuse::Need;
using fuse::NodeId;
using fuse::NodeKind;

namespace {

/** Files' numbers begin here; those of a folder lie together. */
constexpr NodeId first_file = 64;
constexpr NodeId numbers_a_folder = 16;

/** Every 8 bytes of a file tell which file, generation and place they belong to. */
std::uint64_t word_of(NodeId file, Generation generation, std::uint64_t index) {
  return file << 48 | static_cast<std::uint64_t>(generation) << 20 | index;
}

/** What stands before a file in its blob. */
constexpr std::uint64_t blob_offset = 24;

std::string bytes_of_file(NodeId file, Generation generation) {
  const auto size = size_of(file, generation);
  std::string bytes(blob_offset + size, '?');
  for (std::uint64_t at = 0; at < size; at += 8) {
    const auto word = word_of(file, generation, at / 8);
    std::memcpy(bytes.data() + blob_offset + at, &word, sizeof(word));
  }
  return bytes;
}

std::shared_ptr<const fuse::Blob> blob_of(NodeId file, Generation generation) {
  auto bytes = bytes_of_file(file, generation);
  if (generation % 2 == 0) return std::make_shared<fuse::MemoryBlob>(std::move(bytes));
  UniqueFd memory(memfd_create("stress", MFD_CLOEXEC));
  EXPECT_EQUAL(pwrite(memory.get(), bytes.data(), bytes.size(), 0), static_cast<ssize_t>(bytes.size()));
  return std::make_shared<fuse::DescriptorBlob>(std::move(memory));
}

NodeId folder_of(NodeId file) { return (file - first_file) / numbers_a_folder; }

/** The first file of each folder is volatile. */
bool is_volatile(NodeId file) { return file % numbers_a_folder == 0; }

}  // namespace

std::uint64_t size_of(NodeId file, Generation generation) {
  const auto hash = (file * 31 + generation) * 2654435761U >> 8;
  return hash % 64 == 0 ? 100'000 : hash % 1500 * 8;
}

bool is_size(std::uint64_t size, NodeId file, Generations generations) {
  for (auto each = generations.first; each <= generations.last; ++each) {
    if (size == size_of(file, each)) return true;
  }
  return false;
}

bool is_content(fuse::Bytes bytes, NodeId file, std::uint64_t offset, std::uint64_t asked,
                Generations generations) {
  const auto is_of = [&](Generation generation) {
    const auto size = size_of(file, generation);
    const auto wanted = offset >= size ? 0 : std::min(asked, size - offset);
    if (bytes.size() != wanted) return false;
    for (std::uint64_t at = 0; at < wanted; at += 8) {
      const auto word = word_of(file, generation, (offset + at) / 8);
      if (std::memcmp(bytes.data() + at, &word, std::min<std::uint64_t>(8, wanted - at)) != 0) return false;
    }
    return true;
  };
  for (auto each = generations.first; each <= generations.last; ++each) {
    if (is_of(each)) return true;
  }
  return false;
}

World::World(NodeId first) : first_(first) {
  for (std::uint32_t folder = 0; folder < folder_count; ++folder) {
    for (std::uint32_t index = 0; index < files_a_folder; ++index) files_[file_number(folder, index)];
  }
}

NodeId World::file_number(std::uint32_t folder_index, std::uint32_t file_index) const {
  return first_file + folder(folder_index) * numbers_a_folder + file_index;
}

std::vector<fuse::NodeUpdate> World::beginning() const {
  std::vector<fuse::NodeUpdate> nodes;
  for (std::uint32_t index = 0; index < folder_count; ++index) {
    nodes.push_back({folder(index), unlisted_directory()});
  }
  for (const auto& [id, each] : files_) nodes.push_back({id, unsettled(NodeKind::file)});
  return nodes;
}

void World::ask(NodeId node, Need need) {
  const std::lock_guard lock(mutex_);
  asks_.emplace_back(node, need);
}

std::deque<World::Asked> World::take_asks() {
  const std::lock_guard lock(mutex_);
  return std::exchange(asks_, {});
}

void World::run(fuse::Session& session, Random random, const std::atomic<bool>& end) {
  while (!end.load()) {
    for (const auto& asked : take_asks()) {
      if (below(random, 8) == 0) publish(session, alter(random));
      publish(session, answer(random, asked));
    }
    publish(session, alter(random));
    // Long enough for requests to gather and be interrupted.
    std::this_thread::sleep_for(std::chrono::microseconds(below(random, 500)));
  }
}

void World::publish(fuse::Session& session, Change change) {
  std::vector<NodeId> changed;
  for (const auto& update : change.nodes) {
    if (files_.count(update.id) != 0) changed.push_back(update.id);
  }
  session.publish(std::move(change.nodes), std::move(change.delivery));
  for (const auto id : changed) {
    auto& file = files_.at(id);
    file.published.store(file.begun.load());
  }
  publications_.fetch_add(1);
}

World::Change World::answer(Random& random, const Asked& asked) {
  Change change;
  int error = 0;
  const auto [node, need] = asked;
  if (need == Need::names) {
    add_listing(change, node);
  } else if (below(random, 12) == 0) {
    error = ENODATA;
  } else if (need == Need::settled && below(random, 12) == 0) {
    set_listed(change, node, false);
    error = ENOENT;
  } else if (files_.at(node).listed) {
    settle(change, node);
  } else {
    error = ENOENT;
  }
  change.delivery.answered.push_back({.key = asked, .error = error});
  return change;
}

World::Change World::alter(Random& random) {
  Change change;
  const auto folder_index = below(random, folder_count);
  const auto node = file_number(folder_index, below(random, files_a_folder));
  const auto parent = folder_of(node);
  const bool listed = files_.at(node).listed;
  switch (below(random, 6)) {
    case 0:
      set_listed(change, node, !listed);
      break;
    case 1:
      if (listed) change.nodes.push_back({node, unsettled(NodeKind::file)});
      change.delivery.forget_names.push_back({.parent = parent, .name = name_of(node)});
      break;
    case 2:
      change.nodes.push_back({parent, unlisted_directory()});
      change.delivery.forget_contents.push_back(parent);
      break;
    default:
      if (listed) settle(change, node);
      change.delivery.forget_contents.push_back(node);
      break;
  }
  return change;
}

void World::settle(Change& change, NodeId id) {
  const auto generation = files_.at(id).begun.fetch_add(1) + 1;
  auto node = file(blob_of(id, generation), blob_offset, size_of(id, generation));
  node.is_volatile = is_volatile(id);
  change.nodes.push_back({id, std::move(node)});
}

void World::set_listed(Change& change, NodeId id, bool listed) {
  files_.at(id).listed = listed;
  change.nodes.push_back({id, listed ? unsettled(NodeKind::file) : gone()});
  add_listing(change, folder_of(id));
  change.delivery.forget_names.push_back({.parent = folder_of(id), .name = name_of(id)});
}

void World::add_listing(Change& change, NodeId folder) const {
  std::vector<fuse::Directory::Named> entries;
  for (const auto& [id, each] : files_) {
    if (folder_of(id) != folder || !each.listed) continue;
    entries.push_back({id, NodeKind::file, name_of(id)});
  }
  change.nodes.push_back({folder, directory(sample::root, std::move(entries))});
}

}  // namespace ikfs::test
