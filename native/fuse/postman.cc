#include "fuse/postman.h"

#include <utility>

namespace ikfs::fuse {

namespace {

// That the kernel does not know a name or node is no failure: then it has nothing to forget.

void forget_content(const Device& device, NodeId node) {
  const InvalidateInodeOut out{.node = node, .offset = 0, .length = 0};
  device.notify(Notification::invalidate_inode, {bytes_of(out)});
}

void forget_name(const Device& device, const ForgetName& forgotten) {
  const auto& name = forgotten.name;
  const InvalidateEntryOut out{
      .parent = forgotten.parent,
      .name_length = static_cast<std::uint32_t>(name.size()),
      .flags = 0,
  };
  const Bytes text{reinterpret_cast<const std::uint8_t*>(name.c_str()), name.size() + 1};
  device.notify(Notification::invalidate_entry, {bytes_of(out), text});
}

}  // namespace

void Postman::post(Delivery delivery) {
  if (!delivery.forget_names.empty()) {
    names_.add([this, names = std::move(delivery.forget_names)] {
      for (const auto& name : names) forget_name(device_, name);
    });
  }
  if (delivery.forget_contents.empty() && delivery.answered.empty()) return;
  answers_.add(
      [this, contents = std::move(delivery.forget_contents), answered = std::move(delivery.answered)] {
        for (const auto node : contents) forget_content(device_, node);
        for (const auto& each : answered) dispatcher_.resume(each, buffer_);
      });
}

void Postman::stop() {
  answers_.stop();
  names_.stop();
}

}  // namespace ikfs::fuse
