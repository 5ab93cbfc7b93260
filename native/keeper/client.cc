#include "keeper/client.h"

namespace ikfs::keeper {

Result<Answer> Client::ask(Request request) {
  const std::lock_guard lock(turn_);
  if (!send_request(socket_.get(), request))
    return Failure{FailureCode::unavailable, "the process that mounts has ended"};
  auto received = receive_answer(socket_.get());
  if (auto* answer = std::get_if<Answer>(&received); answer != nullptr && answer->failure)
    return std::move(*answer->failure);
  return received;
}

Result<UniqueFd> Client::mount() {
  auto answered = ask(Request::mount);
  if (auto* failure = std::get_if<Failure>(&answered)) return std::move(*failure);
  auto& device = std::get<Answer>(answered).device;
  if (device.get() < 0) return Failure{FailureCode::corrupt, "the process that mounts hands nothing over"};
  return std::move(device);
}

Result<fuse::Unmounted> Client::unmount(bool lazily) {
  auto answered = ask(lazily ? Request::detach : Request::unmount);
  if (auto* failure = std::get_if<Failure>(&answered)) return std::move(*failure);
  return std::get<Answer>(answered).was_not_mounted ? fuse::Unmounted::not_mounted : fuse::Unmounted::done;
}

}  // namespace ikfs::keeper
