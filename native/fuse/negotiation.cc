#include "fuse/negotiation.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>

namespace ikfs::fuse {

namespace {

/**
 * What is asked for of what the kernel offers:
 *  - reads ahead at the same time, directories walked at the same time;
 *  - READDIRPLUS where the kernel thinks that attributes will be wanted;
 *  - no OPEN and OPENDIR at all, as they could only say "keep what you have cached";
 *  - link targets cached;
 *  - data thrown away only when we say so (explicit_inval_data): the tree does not change by itself, and with
 *    the other way (auto_inval_data) each cached directory would be asked for its time first;
 *  - a mount that was aborted says so (abort_error).
 */
constexpr std::uint32_t wanted =
    init_flag::async_read | init_flag::do_readdirplus | init_flag::readdirplus_auto |
    init_flag::no_open_support | init_flag::parallel_dirops | init_flag::abort_error | init_flag::max_pages |
    init_flag::cache_symlinks | init_flag::no_opendir_support | init_flag::explicit_inval_data;

/** Largest read, in bytes; larger ones are cut to the kernel's own limit of 256 pages. */
constexpr std::uint32_t largest_read = 1024 * 1024;

/** Requests that may wait in the background (readahead), and how many of them count as congestion. */
constexpr std::uint16_t background = 64;
constexpr std::uint16_t congestion = 48;

/** Nothing is ever written, but the kernel wants at least a page. */
constexpr std::uint32_t smallest_write = 4096;

/** The first protocol whose InitOut is 64 bytes long. */
constexpr std::uint32_t long_init_minor = 23;

}  // namespace

InitAnswer negotiate(const InitIn& offer) {
  InitAnswer answer;
  answer.out.major = protocol_major;
  answer.out.minor = protocol_minor;
  if (offer.major > protocol_major) {
    // The kernel is to try again with ours (fuse_init_out in the protocol's description).
    answer.size = offsetof(InitOut, max_readahead);
    answer.again = true;
    return answer;
  }
  if (offer.major < protocol_major || offer.minor < oldest_minor) {
    answer.error = EPROTO;
    return answer;
  }
  const auto flags = offer.flags & wanted;
  const auto page = static_cast<std::uint32_t>(sysconf(_SC_PAGESIZE));
  answer.out.minor = std::min(offer.minor, protocol_minor);
  answer.out.max_readahead = std::min(offer.max_readahead, largest_read);
  answer.out.flags = flags;
  answer.out.max_background = background;
  answer.out.congestion_threshold = congestion;
  answer.out.max_write = smallest_write;
  answer.out.time_granularity = 1;
  if ((flags & init_flag::max_pages) != 0)
    answer.out.max_pages = static_cast<std::uint16_t>(largest_read / page);
  answer.size = answer.out.minor < long_init_minor ? old_init_out_size : sizeof(InitOut);
  answer.agreement = {
      .minor = answer.out.minor,
      .no_open = (flags & init_flag::no_open_support) != 0,
      .no_opendir = (flags & init_flag::no_opendir_support) != 0,
  };
  return answer;
}

}  // namespace ikfs::fuse
