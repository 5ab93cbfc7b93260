#include "fuse/dispatcher.h"

#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "fuse/attributes.h"

namespace ikfs::fuse {

/** A request while it is answered. */
struct Dispatcher::Request {
  InHeader header;
  Bytes body;
  std::shared_ptr<const NodeTable> table;
  /** What came of what the request waited for, if it has waited. */
  const Answered* answered = nullptr;

  /** The body as a structure, or nothing when it is too short. */
  template <typename T>
  std::optional<T> as() const {
    if (body.size() < sizeof(T)) return std::nullopt;
    T value;
    std::memcpy(&value, body.data(), sizeof(T));
    return value;
  }

  /** The body as a name that ends with a NUL, or nothing. */
  std::optional<std::string_view> name() const {
    const auto end = std::find(body.begin(), body.end(), 0);
    if (end == body.end() || end == body.begin()) return std::nullopt;
    return std::string_view(reinterpret_cast<const char*>(body.data()), end - body.begin());
  }

  bool has_waited_for(NodeId node, Need need) const {
    return answered != nullptr && answered->key == Waiting::Key{node, need};
  }
};

void Dispatcher::handle(Bytes message, Buffer& buffer) {
  Request request{};
  if (message.size() < sizeof(InHeader)) return;
  std::memcpy(&request.header, message.data(), sizeof(InHeader));
  counters_.count(request.header.opcode);
  if (request.header.length != message.size()) return refuse(request, EIO);
  request.body = message.subspan(sizeof(InHeader));
  request.table = table();
  dispatch(request, buffer);
}

void Dispatcher::resume(const Answered& answered, Buffer& buffer) {
  for (auto& parked : waiting_.take(answered.key)) {
    Request request{
        .header = parked.header,
        .body = parked.body,
        .table = table(),
        .answered = &answered,
    };
    dispatch(request, buffer);
  }
}

void Dispatcher::close() {
  for (const auto& parked : waiting_.close()) device_.refuse(parked.header.unique, ENOTCONN);
}

void Dispatcher::publish(std::vector<NodeUpdate> updates) {
  // Two at once would each build on the same table, and one be lost.
  const std::lock_guard publishing(publish_mutex_);
  auto next = table()->with(std::move(updates));
  const std::lock_guard lock(table_mutex_);
  table_.swap(next);
}

void Dispatcher::compact() {
  const std::lock_guard publishing(publish_mutex_);
  auto next = table()->compacted();
  const std::lock_guard lock(table_mutex_);
  table_.swap(next);
}

std::shared_ptr<const NodeTable> Dispatcher::table() const {
  const std::lock_guard lock(table_mutex_);
  return table_;
}

void Dispatcher::dispatch(Request& request, Buffer& buffer) {
  switch (static_cast<Opcode>(request.header.opcode)) {
    case Opcode::init:
      return init(request);
    case Opcode::lookup:
      return lookup(request);
    case Opcode::getattr:
      return getattr(request);
    case Opcode::readlink:
      return readlink(request);
    case Opcode::open:
      return open(request, false);
    case Opcode::opendir:
      return open(request, true);
    case Opcode::read:
      return read(request, buffer);
    case Opcode::readdir:
      return readdir(request, buffer, false);
    case Opcode::readdirplus:
      return readdir(request, buffer, true);
    case Opcode::statfs:
      return statfs(request);
    case Opcode::interrupt:
      return interrupt(request);
    // Nodes are never dropped, so there is nothing to forget; these two want no answer.
    case Opcode::forget:
    case Opcode::batch_forget:
      return;
    case Opcode::release:
    case Opcode::releasedir:
    case Opcode::destroy:
      return device_.answer(request.header.unique, {});
    // What programs ask of every file to see whether it is a terminal.
    case Opcode::ioctl:
      return refuse(request, ENOTTY);
    // What a mount that is read-only does not let through anyway.
    case Opcode::setattr:
    case Opcode::symlink:
    case Opcode::mknod:
    case Opcode::mkdir:
    case Opcode::unlink:
    case Opcode::rmdir:
    case Opcode::rename:
    case Opcode::rename2:
    case Opcode::link:
    case Opcode::write:
    case Opcode::create:
    case Opcode::tmpfile:
    case Opcode::setxattr:
    case Opcode::removexattr:
    case Opcode::fallocate:
      return refuse(request, EROFS);
    // Told once that there is no such call, the kernel does the usual thing by itself and asks no more.
    default:
      return refuse(request, ENOSYS);
  }
}

void Dispatcher::init(Request& request) {
  const auto offer = request.as<InitIn>();
  if (!offer) return refuse(request, EIO);
  const auto answer = negotiate(*offer);
  if (answer.error != 0) return refuse(request, answer.error);
  // Set before the answer goes out: no other request comes before it.
  agreement_ = answer.agreement;
  if (!answer.again) ready_.store(true);
  device_.answer(request.header.unique, {bytes_of(answer.out).first(answer.size)});
}

const Node* Dispatcher::node_of(Request& request) {
  const Node* node = request.table->find(request.header.node);
  // A node that has gone: the kernel looks its name up anew.
  if (node == nullptr) refuse(request, ESTALE);
  return node;
}

void Dispatcher::lookup(Request& request) {
  const Node* parent = node_of(request);
  if (parent == nullptr) return;
  if (parent->kind != NodeKind::directory) return refuse(request, ENOTDIR);
  const auto name = request.name();
  if (!name) return refuse(request, EIO);
  const auto* directory = std::get_if<DirectoryContent>(&parent->content);
  if (directory == nullptr || !*directory) return park(request, request.header.node, Need::names);
  const auto* found = (*directory)->find(*name);
  // Whoever walks the tree looks directories up, and lists them anyway.
  const bool is_directory = found != nullptr && found->kind == NodeKind::directory;
  if (!is_directory && (*directory)->is_first_lookup()) looked_into_(request.header.node);
  const Node* node = found == nullptr ? nullptr : request.table->find(found->node);
  if (node == nullptr) return device_.answer(request.header.unique, {bytes_of(no_entry())});
  if (!node->settled) return park(request, found->node, Need::settled);
  if (node->is_volatile && !request.has_waited_for(found->node, Need::renewed)) {
    return park(request, found->node, Need::renewed);
  }
  device_.answer(request.header.unique, {bytes_of(entry_of(found->node, *node))});
}

void Dispatcher::getattr(Request& request) {
  const Node* node = node_of(request);
  if (node == nullptr) return;
  const auto id = request.header.node;
  if (!node->settled) return park(request, id, Need::settled);
  if (node->is_volatile && !request.has_waited_for(id, Need::renewed))
    return park(request, id, Need::renewed);
  AttributesOut out{};
  out.valid = node->is_volatile ? 0 : for_ever;
  out.attributes = attributes_of(id, *node);
  device_.answer(request.header.unique, {bytes_of(out)});
}

void Dispatcher::readlink(Request& request) {
  const Node* node = node_of(request);
  if (node == nullptr) return;
  const auto* target = std::get_if<LinkTarget>(&node->content);
  if (target == nullptr) return refuse(request, EINVAL);
  const auto& text = **target;
  device_.answer(request.header.unique, {{reinterpret_cast<const std::uint8_t*>(text.data()), text.size()}});
}

void Dispatcher::open(Request& request, bool directory) {
  if (directory ? agreement_.no_opendir : agreement_.no_open) return refuse(request, ENOSYS);
  OpenOut out{};
  out.flags = open_flag::keep_cache | (directory ? open_flag::cache_dir : 0);
  device_.answer(request.header.unique, {bytes_of(out)});
}

/** More than a kernel asks for at once: a mebibyte, or without max_pages 32 pages of 64 KiB. */
static constexpr std::uint64_t most_read = 4 * 1024 * 1024;

void Dispatcher::read(Request& request, Buffer& buffer) {
  const Node* node = node_of(request);
  const auto in = request.as<ReadIn>();
  if (node == nullptr) return;
  if (!in) return refuse(request, EIO);
  if (node->kind == NodeKind::directory) return refuse(request, EISDIR);
  // The kernel reads only what a lookup has settled. A read must never wait for more than bytes: the page
  // that it is to fill is locked, and forgetting the node's content would wait for it.
  if (!node->settled) return refuse(request, ESTALE);
  const auto* content = std::get_if<FileContent>(&node->content);
  if (content == nullptr || in->offset >= node->size || in->size == 0) {
    return device_.answer(request.header.unique, {});
  }
  const auto wanted = std::min<std::uint64_t>(in->size, node->size - in->offset);
  if (wanted > most_read) return refuse(request, EINVAL);
  if (buffer.size() < wanted) buffer.resize(wanted);
  const std::span into(buffer.data(), wanted);
  const auto count = content->blob->read(into, content->offset + in->offset);
  if (count == -damaged_error) {
    // Whoever made it is to make it again. The reader is not kept waiting, as above.
    ask_(request.header.node, Need::repaired);
    return refuse(request, EIO);
  }
  if (count < 0) return refuse(request, static_cast<int>(-count));
  // A blob that ends early is no longer what was described.
  if (static_cast<std::uint64_t>(count) < wanted) return refuse(request, ESTALE);
  device_.answer(request.header.unique, {into});
}

namespace {

/** A name's place in a listing is its node's number behind these two: `.` is 1, `..` is 2. */
constexpr std::uint64_t dots = 2;

/** Writes entries into an answer of limited size. */
class Listing {
 public:
  Listing(Dispatcher::Buffer& buffer, std::uint32_t room, bool plus)
      : buffer_(buffer), room_(room), plus_(plus) {
    if (buffer_.size() < room_) buffer_.resize(room_);
  }

  /**
   * @param attributes what to tell with the name when attributes are listed; only its name when null
   * @returns false when there was no room
   */
  bool add(NodeId node, std::uint64_t offset, NodeKind kind, std::string_view name,
           const EntryOut* attributes) {
    const auto header = plus_ ? sizeof(DirectoryEntryPlus) : sizeof(DirectoryEntry);
    const auto size = (header + name.size() + 7) / 8 * 8;
    if (size > room_ - used_) return false;
    auto* at = buffer_.data() + used_;
    std::memset(at, 0, size);
    const DirectoryEntry entry{
        .inode = node,
        .offset = offset,
        .name_length = static_cast<std::uint32_t>(name.size()),
        .type = type_bits(kind) >> 12,
    };
    if (plus_ && attributes != nullptr) std::memcpy(at, attributes, sizeof(EntryOut));
    std::memcpy(at + header - sizeof(DirectoryEntry), &entry, sizeof(entry));
    std::memcpy(at + header, name.data(), name.size());
    used_ += size;
    return true;
  }

  Bytes bytes() const { return {buffer_.data(), used_}; }

 private:
  Dispatcher::Buffer& buffer_;
  std::size_t room_;
  std::size_t used_ = 0;
  bool plus_;
};

}  // namespace

void Dispatcher::readdir(Request& request, Buffer& buffer, bool plus) {
  const Node* node = node_of(request);
  const auto in = request.as<ReadIn>();
  if (node == nullptr) return;
  if (!in) return refuse(request, EIO);
  if (node->kind != NodeKind::directory) return refuse(request, ENOTDIR);
  const auto* content = std::get_if<DirectoryContent>(&node->content);
  if (content == nullptr || !*content) return park(request, request.header.node, Need::names);
  const auto& directory = **content;
  constexpr std::uint32_t most = 1024 * 1024;
  Listing listing(buffer, std::min(in->size, most), plus);
  bool room = true;
  const auto self = request.header.node;
  if (in->offset < 1) room = listing.add(self, 1, NodeKind::directory, ".", nullptr);
  if (room && in->offset < dots)
    room = listing.add(directory.parent(), dots, NodeKind::directory, "..", nullptr);
  const NodeId behind = in->offset > dots ? in->offset - dots : 0;
  for (const auto& entry : directory.after(behind)) {
    if (!room) break;
    const Node* child = plus ? request.table->find(entry.node) : nullptr;
    // A listing makes no artifact: of a node that is not settled only the name is told.
    const bool tell = child != nullptr && child->settled && !child->is_volatile;
    const auto attributes = tell ? entry_of(entry.node, *child) : EntryOut{};
    room = listing.add(entry.node, entry.node + dots, entry.kind, directory.name_of(entry), &attributes);
  }
  device_.answer(request.header.unique, {listing.bytes()});
}

void Dispatcher::statfs(Request& request) {
  StatfsOut out{};
  out.block_size = 4096;
  out.fragment_size = 4096;
  out.name_length = 255;
  device_.answer(request.header.unique, {bytes_of(out)});
}

void Dispatcher::interrupt(Request& request) {
  const auto in = request.as<InterruptIn>();
  if (!in) return;
  if (waiting_.withdraw(in->unique)) return device_.refuse(in->unique, EINTR);
  // It is being answered just now, or another thread has not taken it in yet: the kernel is to ask again.
  // (ENOSYS would end all interrupting.)
  refuse(request, EAGAIN);
}

void Dispatcher::park(Request& request, NodeId node, Need need) {
  if (request.has_waited_for(node, need)) {
    return refuse(request, request.answered->error != 0 ? request.answered->error : EIO);
  }
  Parked parked{request.header, {request.body.begin(), request.body.end()}};
  switch (waiting_.park({node, need}, std::move(parked))) {
    case Waiting::Parking::first:
      return ask_(node, need);
    case Waiting::Parking::joined:
      return;
    case Waiting::Parking::closed:
      return refuse(request, ENOTCONN);
  }
}

void Dispatcher::refuse(const Request& request, int error) const {
  device_.refuse(request.header.unique, error);
}

}  // namespace ikfs::fuse
