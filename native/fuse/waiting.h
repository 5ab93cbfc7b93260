#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "fuse/node_table.h"
#include "fuse/protocol.h"

namespace ikfs::fuse {

/** What a request waits for. */
enum class Need : std::uint8_t {
  /** The names in a directory. */
  names,
  /** Whether a node is there, a file's size and where its content is. */
  settled,
  /** The same of a volatile file, as it is now. */
  renewed,
  /** Another copy of a file's content, as the kept one is damaged. Nobody waits for it. */
  repaired,
};

/** A request that can not be answered yet. */
struct Parked {
  InHeader header;
  /** The request's body. */
  std::vector<std::uint8_t> body;
};

/** Requests that wait, by what they wait for. */
class Waiting {
 public:
  using Key = std::pair<NodeId, Need>;

  /** What became of a request that was to be taken in. */
  enum class Parking : std::uint8_t {
    /** It is the first that waits for this, so somebody must be asked. */
    first,
    /** Somebody has been asked already. */
    joined,
    /** Nothing is taken in any more. */
    closed,
  };

  Parking park(const Key& key, Parked request);

  /** Gives back all that wait for something. */
  std::vector<Parked> take(const Key& key);

  /** Gives back one request, wherever it waits: whoever sent it does so no longer. */
  std::optional<Parked> withdraw(std::uint64_t unique);

  /** How many wait. */
  std::size_t count();

  /** Gives back everything, and takes nothing in any more. */
  std::vector<Parked> close();

 private:
  std::mutex mutex_;
  bool closed_ = false;
  /** A key stays, with no request, while its answer is still to come: it is not asked for twice. */
  std::map<Key, std::vector<Parked>> parked_;
};

}  // namespace ikfs::fuse
