/**
 * Sessions for JavaScript: an object that publishes nodes, and two callbacks by which the session asks for
 * what requests need and tells its end. JavaScript validates what it passes (src/transport/kernel-nodes.ts);
 * a wrong type throws TypeError.
 */
#include "fuse/session_binding.h"

#include <memory>
#include <string>
#include <thread>

#include "core/values_binding.h"
#include "fuse/listing_ahead.h"
#include "fuse/node_reader_binding.h"
#include "fuse/round_trip.h"
#include "fuse/session.h"
#include "fuse/warmer.h"

namespace ikfs::fuse {

namespace {

Need need_of(const Napi::Value& value) {
  const auto need = text(value, "need");
  if (need == "names") return Need::names;
  if (need == "settled") return Need::settled;
  if (need == "renewed") return Need::renewed;
  if (need == "repaired") return Need::repaired;
  throw Napi::TypeError::New(value.Env(), "need must be names, settled, renewed or repaired");
}

const char* need_name(Need need) {
  switch (need) {
    case Need::names:
      return "names";
    case Need::settled:
      return "settled";
    case Need::renewed:
      return "renewed";
    case Need::repaired:
      return "repaired";
  }
  return "settled";
}

/** What a thread has to say to JavaScript: a need, what came of a round trip, or the end of the session. */
struct Message {
  enum class Kind : std::uint8_t { need, round_trip, end };
  Kind kind = Kind::need;
  NodeId node = 0;
  Need need = Need::names;
  int error = 0;
  /** The round trip's promise. */
  std::shared_ptr<Napi::Promise::Deferred> promise = {};
};

class SessionObject : public Napi::ObjectWrap<SessionObject> {
 public:
  static Napi::Function constructor(Napi::Env env) {
    return DefineClass(env, "Session",
                       {
                           InstanceMethod<&SessionObject::publish>("publish"),
                           InstanceMethod<&SessionObject::start>("start"),
                           InstanceMethod<&SessionObject::let_go>("letGo"),
                           InstanceMethod<&SessionObject::requests>("requests"),
                           InstanceMethod<&SessionObject::ready>("ready"),
                           InstanceMethod<&SessionObject::work>("work"),
                           InstanceMethod<&SessionObject::round_trip>("roundTrip"),
                           InstanceMethod<&SessionObject::warm>("warm"),
                           InstanceMethod<&SessionObject::warmed>("warmed"),
                           InstanceMethod<&SessionObject::cool>("cool"),
                           InstanceMethod<&SessionObject::is_cool>("isCool"),
                           InstanceMethod<&SessionObject::close>("close"),
                       });
  }

  explicit SessionObject(const Napi::CallbackInfo& info) : Napi::ObjectWrap<SessionObject>(info) {
    const auto options = object(info[0], "options");
    const auto descriptor = static_cast<int>(whole_number(options.Get("descriptor"), "descriptor", 1 << 24));
    const auto readers = static_cast<unsigned>(whole_number(options.Get("readers"), "readers", 64));
    const auto ask = options.Get("ask");
    const auto ended = options.Get("ended");
    if (readers == 0 || !ask.IsFunction() || !ended.IsFunction()) {
      throw Napi::TypeError::New(info.Env(), "readers, ask and ended are needed");
    }
    ended_ = Napi::Persistent(ended.As<Napi::Function>());
    to_javascript_ = Napi::ThreadSafeFunction::New(info.Env(), ask.As<Napi::Function>(), "ikfs fuse", 0, 1);
    // Kept while the session lives: its threads call back.
    Ref();
    session_ = std::make_unique<Session>(
        UniqueFd(descriptor), readers, [this](NodeId node, Need need) { send({.node = node, .need = need}); },
        [this](int error) { send({.kind = Message::Kind::end, .error = error}); },
        [this](NodeId directory) { ahead_.looked_into(directory); });
  }

 private:
  /** Hands a message over to JavaScript's thread; a reader never waits for it. */
  void send(Message message) {
    to_javascript_.NonBlockingCall(new Message(message),
                                   [this](Napi::Env env, Napi::Function ask, Message* sent) {
                                     const std::unique_ptr<Message> own(sent);
                                     if (env == nullptr) return;
                                     take(env, ask, *own);
                                   });
  }

  void take(Napi::Env env, Napi::Function ask, const Message& message) {
    switch (message.kind) {
      case Message::Kind::need:
        ask.Call({Napi::Number::New(env, static_cast<double>(message.node)),
                  Napi::String::New(env, need_name(message.need))});
        return;
      case Message::Kind::round_trip:
        message.promise->Resolve(Napi::Number::New(env, message.error));
        return;
      case Message::Kind::end:
        finish();
        ended_.Call({Napi::Number::New(env, message.error)});
        return;
    }
  }

  Session& session(const Napi::CallbackInfo& info) {
    if (!session_) throw Napi::Error::New(info.Env(), "the session has ended");
    return *session_;
  }

  Napi::Value publish(const Napi::CallbackInfo& info) {
    auto& target = session(info);
    std::vector<NodeUpdate> updates;
    const auto nodes = list(info[0], "nodes");
    updates.reserve(nodes.Length());
    for (std::uint32_t i = 0; i < nodes.Length(); ++i) {
      const Napi::HandleScope scope(info.Env());
      nodes_.read(object(nodes.Get(i), "node"), updates);
    }
    Delivery delivery;
    const auto forget = list(info[1], "forget");
    for (std::uint32_t i = 0; i < forget.Length(); ++i) {
      const auto each = object(forget.Get(i), "forget");
      if (each.Has("name")) {
        delivery.forget_names.push_back({node_id(each.Get("parent")), text(each.Get("name"), "name")});
      } else {
        delivery.forget_contents.push_back(node_id(each.Get("node")));
      }
    }
    const auto answered = list(info[2], "answered");
    for (std::uint32_t i = 0; i < answered.Length(); ++i) {
      const auto each = object(answered.Get(i), "answered");
      delivery.answered.push_back({
          .key = {node_id(each.Get("node")), need_of(each.Get("need"))},
          .error = static_cast<int>(whole_number(each.Get("error"), "error", 4095)),
      });
    }
    target.publish(std::move(updates), std::move(delivery));
    return info.Env().Undefined();
  }

  Napi::Value start(const Napi::CallbackInfo& info) {
    auto& started = session(info);
    if (!info[0].IsUndefined()) {
      mountpoint_ = text(info[0], "mountpoint");
      ahead_.begin(mountpoint_);
    }
    started.start();
    return info.Env().Undefined();
  }

  Napi::Value let_go(const Napi::CallbackInfo& info) {
    if (session_) session_->let_go();
    return info.Env().Undefined();
  }

  Napi::Value ready(const Napi::CallbackInfo& info) {
    return Napi::Boolean::New(info.Env(), session_ && session_->dispatcher().ready());
  }

  Napi::Value requests(const Napi::CallbackInfo& info) {
    auto counts = Napi::Object::New(info.Env());
    if (!session_) return counts;
    for (std::uint32_t opcode = 0; opcode < opcode_count; ++opcode) {
      const auto count = session_->dispatcher().counters().of(opcode);
      const char* name = opcode_name(opcode);
      if (count > 0) counts.Set(name == nullptr ? "OTHER" : name, Napi::Number::New(info.Env(), count));
    }
    return counts;
  }

  Napi::Value work(const Napi::CallbackInfo& info) {
    const auto work = session_ ? session_->work() : Session::Work{};
    auto result = Napi::Object::New(info.Env());
    result.Set("waiting", Napi::Number::New(info.Env(), static_cast<double>(work.waiting)));
    result.Set("answering", Napi::Number::New(info.Env(), work.answering));
    result.Set("longest", Napi::Number::New(info.Env(), static_cast<double>(work.longest)));
    return result;
  }

  Napi::Value round_trip(const Napi::CallbackInfo& info) {
    session(info);
    if (mountpoint_.empty()) throw Napi::Error::New(info.Env(), "where the mount is was not told");
    const auto promise = std::make_shared<Napi::Promise::Deferred>(info.Env());
    auto done = [this, promise](int error) {
      send({.kind = Message::Kind::round_trip, .error = error, .promise = promise});
    };
    if (info[0].IsUndefined()) {
      round_trip_.ask(mountpoint_, std::move(done));
    } else {
      round_trip_.look_at(mountpoint_ + "/" + text(info[0], "file"), std::move(done));
    }
    return promise->Promise();
  }

  Napi::Value warm(const Napi::CallbackInfo& info) {
    warmer_ =
        std::make_unique<Warmer>(session(info), text(info[0], "folder"), whole_number(info[1], "most bytes"));
    return info.Env().Undefined();
  }

  Napi::Value warmed(const Napi::CallbackInfo& info) {
    const Warmer::Progress progress = warmer_ ? warmer_->progress() : Warmer::Progress{};
    auto result = Napi::Object::New(info.Env());
    result.Set("files", Napi::Number::New(info.Env(), static_cast<double>(progress.files)));
    result.Set("bytes", Napi::Number::New(info.Env(), static_cast<double>(progress.bytes)));
    result.Set("done", Napi::Boolean::New(info.Env(), progress.done));
    return result;
  }

  Napi::Value cool(const Napi::CallbackInfo& info) {
    ahead_.stop();
    if (warmer_) warmer_->cancel();
    return info.Env().Undefined();
  }

  Napi::Value is_cool(const Napi::CallbackInfo& info) {
    return Napi::Boolean::New(info.Env(),
                              ahead_.idle() && round_trip_.idle() && (!warmer_ || warmer_->progress().done));
  }

  Napi::Value close(const Napi::CallbackInfo& info) {
    // Off this thread: a reader that hangs would hold it up, and it has signals to hear.
    if (session_ && !closer_.joinable()) closer_ = std::thread([this] { session_->stop(); });
    return info.Env().Undefined();
  }

  /** After the last reader has gone: nothing calls back any more. */
  void finish() {
    warmer_.reset();
    ahead_.end();
    if (closer_.joinable()) closer_.join();
    session_.reset();
    // Only now, as what is under way ends with the connection at the latest.
    round_trip_.end();
    to_javascript_.Release();
    Unref();
  }

  Napi::FunctionReference ended_;
  Napi::ThreadSafeFunction to_javascript_;
  NodeReader nodes_;
  std::string mountpoint_;
  RoundTrip round_trip_;
  ListingAhead ahead_{[this] { return session_->dispatcher().table(); }};
  std::unique_ptr<Session> session_;
  std::unique_ptr<Warmer> warmer_;
  std::thread closer_;
};

}  // namespace

Napi::Function open_session_function(Napi::Env env) {
  // Kept for the life of the addon, as a class is.
  auto* constructor = new Napi::FunctionReference(Napi::Persistent(SessionObject::constructor(env)));
  return Napi::Function::New(
      env,
      [constructor](const Napi::CallbackInfo& info) -> Napi::Value { return constructor->New({info[0]}); },
      "openSession");
}

}  // namespace ikfs::fuse
