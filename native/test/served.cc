#include "test/served.h"

namespace ikfs::test {

Served::Served(std::vector<fuse::NodeUpdate> nodes, unsigned readers, std::uint32_t minor)
    : session_(std::make_unique<fuse::Session>(
          kernel_.take_device(), readers,
          [this](fuse::NodeId node, fuse::Need need) {
            const std::lock_guard lock(mutex_);
            asked_.emplace_back(node, need);
            called_.notify_all();
          },
          [this](int error) {
            const std::lock_guard lock(mutex_);
            ends_.push_back(error);
            called_.notify_all();
          },
          [this](fuse::NodeId directory) {
            const std::lock_guard lock(mutex_);
            looked_into_.push_back(directory);
          })) {
  session_->publish(std::move(nodes), {});
  session_->start();
  if (minor != 0) init(fuse::protocol_major, minor);
}

Served::~Served() { kernel_.close(); }

Answer Served::init(std::uint32_t major, std::uint32_t minor, std::uint32_t flags) {
  const fuse::InitIn in{.major = major, .minor = minor, .max_readahead = 128 * 1024, .flags = flags};
  return kernel_.ask(fuse::Opcode::init, 0, {fuse::bytes_of(in)});
}

void Served::settle() { kernel_.ask(fuse::Opcode::statfs, sample::root); }

void Served::publish(std::vector<fuse::NodeUpdate> nodes, std::vector<fuse::Answered> answered) {
  fuse::Delivery delivery;
  delivery.answered = std::move(answered);
  session_->publish(std::move(nodes), std::move(delivery));
}

std::vector<Served::Asked> Served::asked() {
  const std::lock_guard lock(mutex_);
  return asked_;
}

std::vector<fuse::NodeId> Served::looked_into() {
  const std::lock_guard lock(mutex_);
  return looked_into_;
}

void Served::wait_for_asks(std::size_t count) {
  std::unique_lock lock(mutex_);
  called_.wait(lock, [&] { return asked_.size() >= count; });
}

int Served::wait_for_end() {
  std::unique_lock lock(mutex_);
  called_.wait(lock, [this] { return !ends_.empty(); });
  return ends_.front();
}

int Served::ends() {
  const std::lock_guard lock(mutex_);
  return static_cast<int>(ends_.size());
}

}  // namespace ikfs::test
