#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <map>
#include <mutex>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "fuse/session.h"

namespace ikfs::test {

using Random = std::mt19937;

/** A random number below `limit`. */
inline std::uint32_t below(Random& random, std::uint32_t limit) {
  return std::uniform_int_distribution<std::uint32_t>(0, limit - 1)(random);
}

/** How often a file's content has been replaced. */
using Generation = std::uint32_t;

/** The generations that an answer may be of: the last one published before it was asked for, and later ones.
 */
struct Generations {
  Generation first;
  Generation last;
};

/** The size of a file in a generation, in bytes. */
std::uint64_t size_of(fuse::NodeId file, Generation generation);

/** Whether a file has that size in one of some generations. */
bool is_size(std::uint64_t size, fuse::NodeId file, Generations generations);

/**
 * Whether bytes are those of a file in one generation out of some: the ones from `offset` on, as many as
 * there are up to `asked`. Offsets are multiples of 8.
 */
bool is_content(fuse::Bytes bytes, fuse::NodeId file, std::uint64_t offset, std::uint64_t asked,
                Generations generations);

/**
 * Some folders of a tree that changes all the time: files come, go, are replaced and forgotten, and what
 * requests wait for is made or fails. A single thread changes it; any may ask what has been published.
 */
class World {
 public:
  static constexpr std::uint32_t folder_count = 3;
  static constexpr std::uint32_t files_a_folder = 12;

  /** @param first the number of the first folder, 2 or more */
  explicit World(fuse::NodeId first);

  fuse::NodeId folder(std::uint32_t index) const { return first_ + index; }
  fuse::NodeId file_number(std::uint32_t folder_index, std::uint32_t file_index) const;
  static std::string name_of(fuse::NodeId node) { return "n" + std::to_string(node); }
  bool has(fuse::NodeId node) const {
    return (node >= first_ && node - first_ < folder_count) || files_.count(node) != 0;
  }

  /** The nodes as they are at first: names unknown, nothing settled. */
  std::vector<fuse::NodeUpdate> beginning() const;

  /** Notes that a request needs something. */
  void ask(fuse::NodeId node, fuse::Need need);

  /** Changes the world and answers needs until `end` is set. */
  void run(fuse::Session& session, Random random, const std::atomic<bool>& end);

  /** The generation of a file that whoever asks now sees at least. */
  Generation first_visible(fuse::NodeId file) const { return files_.at(file).published.load(); }
  /** The generation of a file that whoever has asked before may have seen at most. */
  Generation last_visible(fuse::NodeId file) const { return files_.at(file).begun.load(); }

  /** How often the session was published to. */
  std::uint64_t publications() const { return publications_.load(); }

 private:
  struct File {
    bool listed = true;
    std::atomic<Generation> begun = 0;
    std::atomic<Generation> published = 0;
  };

  using Asked = std::pair<fuse::NodeId, fuse::Need>;

  /** What is published at once. */
  struct Change {
    std::vector<fuse::NodeUpdate> nodes;
    fuse::Delivery delivery;
  };

  std::deque<Asked> take_asks();
  Change answer(Random& random, const Asked& asked);
  Change alter(Random& random);
  void settle(Change& change, fuse::NodeId file);
  void set_listed(Change& change, fuse::NodeId file, bool listed);
  void add_listing(Change& change, fuse::NodeId folder) const;
  void publish(fuse::Session& session, Change change);

  const fuse::NodeId first_;
  std::map<fuse::NodeId, File> files_;
  std::atomic<std::uint64_t> publications_ = 0;
  std::mutex mutex_;
  std::deque<Asked> asks_;
};

}  // namespace ikfs::test
