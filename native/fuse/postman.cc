#include "fuse/postman.h"

namespace ikfs::fuse {

Postman::Postman(const Device& device, Dispatcher& dispatcher)
    : device_(device), dispatcher_(dispatcher), thread_([this] { work(); }) {}

Postman::~Postman() { stop(); }

void Postman::post(Delivery delivery) {
  {
    const std::lock_guard lock(mutex_);
    if (stopping_) return;
    deliveries_.push_back(std::move(delivery));
  }
  posted_.notify_one();
}

void Postman::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  posted_.notify_one();
  if (thread_.joinable()) thread_.join();
}

void Postman::work() {
  for (;;) {
    std::unique_lock lock(mutex_);
    posted_.wait(lock, [this] { return stopping_ || !deliveries_.empty(); });
    if (stopping_) return;
    const auto delivery = std::move(deliveries_.front());
    deliveries_.pop_front();
    lock.unlock();
    deliver(delivery);
  }
}

void Postman::deliver(const Delivery& delivery) {
  // That the kernel does not know a name or node is no failure: then it has nothing to forget.
  for (const auto& forgetting : delivery.forget) {
    if (const auto* name = std::get_if<ForgetName>(&forgetting)) {
      const InvalidateEntryOut out{
          .parent = name->parent,
          .name_length = static_cast<std::uint32_t>(name->name.size()),
          .flags = 0,
      };
      const auto* text = reinterpret_cast<const std::uint8_t*>(name->name.c_str());
      device_.notify(Notification::invalidate_entry, {bytes_of(out), {text, name->name.size() + 1}});
    } else {
      const InvalidateInodeOut out{
          .node = std::get<ForgetContent>(forgetting).node, .offset = 0, .length = 0};
      device_.notify(Notification::invalidate_inode, {bytes_of(out)});
    }
  }
  for (const auto& answered : delivery.answered) dispatcher_.resume(answered, buffer_);
}

}  // namespace ikfs::fuse
