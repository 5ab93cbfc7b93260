#pragma once

#include <cstdint>

/*
 * The FUSE kernel protocol, as far as a read-only file system needs it, declared from its documented layout:
 * fuse(4), the kernel's Documentation/filesystems/fuse/, and the field tables of include/uapi/linux/fuse.h.
 * All numbers are in the byte order of the machine. Every structure has only fields of fixed width and no
 * implicit padding, so 32-bit and 64-bit programs agree; the sizes are checked below.
 */
namespace ikfs::fuse {

/** The protocol spoken here. Kernels with a newer minor version speak ours, those with an older one theirs.
 */
inline constexpr std::uint32_t protocol_major = 7;
inline constexpr std::uint32_t protocol_minor = 41;
/** The oldest minor version that is spoken: Linux 2.6.31. */
inline constexpr std::uint32_t oldest_minor = 12;

/** The node number of the root. */
inline constexpr std::uint64_t root_id = 1;

enum class Opcode : std::uint32_t {
  lookup = 1,
  forget = 2,
  getattr = 3,
  setattr = 4,
  readlink = 5,
  symlink = 6,
  mknod = 8,
  mkdir = 9,
  unlink = 10,
  rmdir = 11,
  rename = 12,
  link = 13,
  open = 14,
  read = 15,
  write = 16,
  statfs = 17,
  release = 18,
  fsync = 20,
  setxattr = 21,
  getxattr = 22,
  listxattr = 23,
  removexattr = 24,
  flush = 25,
  init = 26,
  opendir = 27,
  readdir = 28,
  releasedir = 29,
  fsyncdir = 30,
  getlk = 31,
  setlk = 32,
  setlkw = 33,
  access = 34,
  create = 35,
  interrupt = 36,
  bmap = 37,
  destroy = 38,
  ioctl = 39,
  poll = 40,
  notify_reply = 41,
  batch_forget = 42,
  fallocate = 43,
  readdirplus = 44,
  rename2 = 45,
  lseek = 46,
  copy_file_range = 47,
  setupmapping = 48,
  removemapping = 49,
  syncfs = 50,
  tmpfile = 51,
  statx = 52,
};

/** One more than the largest opcode that is counted by name. */
inline constexpr std::uint32_t opcode_count = 53;

/** Messages to the kernel that answer no request: `unique` is 0, `error` one of these. */
enum class Notification : std::int32_t { invalidate_inode = 2, invalidate_entry = 3, store = 4 };

/** Flags of INIT, bits 0 to 31. */
namespace init_flag {
inline constexpr std::uint32_t async_read = 1U << 0;
inline constexpr std::uint32_t do_readdirplus = 1U << 13;
inline constexpr std::uint32_t readdirplus_auto = 1U << 14;
inline constexpr std::uint32_t no_open_support = 1U << 17;
inline constexpr std::uint32_t parallel_dirops = 1U << 18;
inline constexpr std::uint32_t abort_error = 1U << 21;
inline constexpr std::uint32_t max_pages = 1U << 22;
inline constexpr std::uint32_t cache_symlinks = 1U << 23;
inline constexpr std::uint32_t no_opendir_support = 1U << 24;
inline constexpr std::uint32_t explicit_inval_data = 1U << 25;
}  // namespace init_flag

/** Flags of the answers to OPEN and OPENDIR. */
namespace open_flag {
inline constexpr std::uint32_t keep_cache = 1U << 1;
inline constexpr std::uint32_t cache_dir = 1U << 3;
}  // namespace open_flag

struct InHeader {
  std::uint32_t length;
  std::uint32_t opcode;
  std::uint64_t unique;
  std::uint64_t node;
  std::uint32_t uid;
  std::uint32_t gid;
  std::uint32_t pid;
  std::uint16_t extension_length;
  std::uint16_t padding;
};

struct OutHeader {
  std::uint32_t length;
  /** 0, or a negative errno. */
  std::int32_t error;
  std::uint64_t unique;
};

struct Attributes {
  std::uint64_t inode;
  std::uint64_t size;
  std::uint64_t blocks;
  std::uint64_t access_time;
  std::uint64_t modify_time;
  std::uint64_t change_time;
  std::uint32_t access_nanoseconds;
  std::uint32_t modify_nanoseconds;
  std::uint32_t change_nanoseconds;
  std::uint32_t mode;
  std::uint32_t links;
  std::uint32_t uid;
  std::uint32_t gid;
  std::uint32_t device;
  std::uint32_t block_size;
  std::uint32_t flags;
};

struct EntryOut {
  /** 0: there is no such name, and that may be remembered. */
  std::uint64_t node;
  std::uint64_t generation;
  std::uint64_t entry_valid;
  std::uint64_t attributes_valid;
  std::uint32_t entry_valid_nanoseconds;
  std::uint32_t attributes_valid_nanoseconds;
  Attributes attributes;
};

struct AttributesOut {
  std::uint64_t valid;
  std::uint32_t valid_nanoseconds;
  std::uint32_t padding;
  Attributes attributes;
};

struct OpenOut {
  std::uint64_t handle;
  std::uint32_t flags;
  std::uint32_t backing;
};

/** The body of READ, READDIR and READDIRPLUS. */
struct ReadIn {
  std::uint64_t handle;
  std::uint64_t offset;
  std::uint32_t size;
  std::uint32_t read_flags;
  std::uint64_t lock_owner;
  std::uint32_t flags;
  std::uint32_t padding;
};

/** What INIT has had since the first protocol that is spoken; newer kernels send more. */
struct InitIn {
  std::uint32_t major;
  std::uint32_t minor;
  std::uint32_t max_readahead;
  std::uint32_t flags;
};

struct InitOut {
  std::uint32_t major;
  std::uint32_t minor;
  std::uint32_t max_readahead;
  std::uint32_t flags;
  std::uint16_t max_background;
  std::uint16_t congestion_threshold;
  std::uint32_t max_write;
  std::uint32_t time_granularity;
  std::uint16_t max_pages;
  std::uint16_t map_alignment;
  std::uint32_t flags2;
  std::uint32_t max_stack_depth;
  std::uint16_t request_timeout;
  std::uint16_t unused[11];
};

/** Bytes of InitOut that kernels before minor 23 take. */
inline constexpr std::uint32_t old_init_out_size = 24;

struct StatfsOut {
  std::uint64_t blocks;
  std::uint64_t blocks_free;
  std::uint64_t blocks_available;
  std::uint64_t files;
  std::uint64_t files_free;
  std::uint32_t block_size;
  std::uint32_t name_length;
  std::uint32_t fragment_size;
  std::uint32_t padding;
  std::uint32_t spare[6];
};

struct InterruptIn {
  /** The request that nobody waits for any more. */
  std::uint64_t unique;
};

/** A directory entry; the name follows, padded with zeros to a multiple of 8 bytes. */
struct DirectoryEntry {
  std::uint64_t inode;
  /** Where reading goes on behind this entry. */
  std::uint64_t offset;
  std::uint32_t name_length;
  /** The type bits of the mode, shifted right by 12. */
  std::uint32_t type;
};

struct DirectoryEntryPlus {
  /** `node` 0: only the name is told, not the attributes. */
  EntryOut entry;
  DirectoryEntry directory_entry;
};

struct InvalidateInodeOut {
  std::uint64_t node;
  /** From there on; negative: attributes only. */
  std::int64_t offset;
  /** 0 or negative: to the end. */
  std::int64_t length;
};

/** The name follows, with a NUL. */
struct InvalidateEntryOut {
  std::uint64_t parent;
  std::uint32_t name_length;
  std::uint32_t flags;
};

/** The bytes follow. */
struct StoreOut {
  std::uint64_t node;
  std::uint64_t offset;
  std::uint32_t size;
  std::uint32_t padding;
};

static_assert(sizeof(InHeader) == 40);
static_assert(sizeof(OutHeader) == 16);
static_assert(sizeof(Attributes) == 88);
static_assert(sizeof(EntryOut) == 128);
static_assert(sizeof(AttributesOut) == 104);
static_assert(sizeof(OpenOut) == 16);
static_assert(sizeof(ReadIn) == 40);
static_assert(sizeof(InitIn) == 16);
static_assert(sizeof(InitOut) == 64);
static_assert(sizeof(StatfsOut) == 80);
static_assert(sizeof(DirectoryEntry) == 24);
static_assert(sizeof(DirectoryEntryPlus) == 152);
static_assert(sizeof(InvalidateInodeOut) == 24);
static_assert(sizeof(InvalidateEntryOut) == 16);
static_assert(sizeof(StoreOut) == 24);

}  // namespace ikfs::fuse
