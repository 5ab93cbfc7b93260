#include "fuse/session.h"

#include <array>
#include <cerrno>

namespace ikfs::fuse {

namespace {

/** Room for a request: no more than a page can be written, and the kernel refuses to read into less than 8
 * KiB. */
constexpr std::size_t request_room = 16 * 1024;

/** Whether receiving can go on after this error (fuse(4)): a request was withdrawn, or a signal came. */
bool goes_on(std::int64_t error) { return error == -EINTR || error == -EAGAIN || error == -ENOENT; }

}  // namespace

Session::Session(UniqueFd device, unsigned readers, AskFor ask, Ended ended)
    : device_(std::move(device)),
      dispatcher_(device_, std::move(ask)),
      postman_(device_, dispatcher_),
      ended_(std::move(ended)),
      serving_(readers),
      readers_(readers) {}

Session::~Session() {
  postman_.stop();
  join();
}

void Session::publish(std::vector<NodeUpdate> updates, Delivery delivery) {
  dispatcher_.publish(std::move(updates));
  postman_.post(std::move(delivery));
}

void Session::start() {
  for (unsigned i = 0; i < readers_; ++i) threads_.emplace_back([this] { serve(); });
}

void Session::join() {
  for (auto& thread : threads_) {
    if (thread.joinable()) thread.join();
  }
}

void Session::serve() {
  std::array<std::uint8_t, request_room> request;
  Dispatcher::Buffer buffer;
  for (;;) {
    const auto length = device_.receive(request);
    if (length > 0) {
      dispatcher_.handle({request.data(), static_cast<std::size_t>(length)}, buffer);
    } else if (length == 0 || !goes_on(length)) {
      // The end of the mount, or of the socket that stands for it, is the usual end.
      if (length != 0 && length != -ENODEV && length != -ECONNABORTED)
        end_error_.store(static_cast<int>(-length));
      break;
    }
  }
  if (serving_.fetch_sub(1) == 1) {
    dispatcher_.refuse_waiting(ENOTCONN);
    ended_(end_error_.load());
  }
}

}  // namespace ikfs::fuse
