/**
 * Sessions for JavaScript: an object that publishes nodes, and two callbacks by which the session asks for
 * what requests need and tells its end. JavaScript validates what it passes (src/transport/kernel-nodes.ts);
 * a wrong type throws TypeError.
 */
#include "fuse/session_binding.h"

#include <memory>
#include <string>

#include "core/values_binding.h"
#include "fuse/listing_ahead.h"
#include "fuse/node_reader_binding.h"
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

/** What a reader's thread has to say to JavaScript: a need, or the end of the session. */
struct Message {
  NodeId node = 0;
  Need need = Need::names;
  bool end = false;
  int error = 0;
};

class SessionObject : public Napi::ObjectWrap<SessionObject> {
 public:
  static Napi::Function constructor(Napi::Env env) {
    return DefineClass(env, "Session",
                       {
                           InstanceMethod<&SessionObject::publish>("publish"),
                           InstanceMethod<&SessionObject::start>("start"),
                           InstanceMethod<&SessionObject::requests>("requests"),
                           InstanceMethod<&SessionObject::ready>("ready"),
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
        [this](int error) { send({.end = true, .error = error}); },
        [this](NodeId directory) { ahead_.looked_into(directory); });
  }

 private:
  /** Hands a message over to JavaScript's thread; a reader never waits for it. */
  void send(Message message) {
    to_javascript_.NonBlockingCall(new Message(message),
                                   [this](Napi::Env env, Napi::Function ask, Message* sent) {
                                     const std::unique_ptr<Message> own(sent);
                                     if (env == nullptr) return;
                                     if (own->end) {
                                       finish();
                                       ended_.Call({Napi::Number::New(env, own->error)});
                                     } else {
                                       ask.Call({Napi::Number::New(env, static_cast<double>(own->node)),
                                                 Napi::String::New(env, need_name(own->need))});
                                     }
                                   });
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
    if (!info[0].IsUndefined()) ahead_.begin(text(info[0], "mountpoint"));
    started.start();
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
    return Napi::Boolean::New(info.Env(), ahead_.idle() && (!warmer_ || warmer_->progress().done));
  }

  Napi::Value close(const Napi::CallbackInfo& info) {
    if (session_) session_->stop();
    return info.Env().Undefined();
  }

  /** After the last reader has gone: nothing calls back any more. */
  void finish() {
    warmer_.reset();
    ahead_.end();
    session_.reset();
    to_javascript_.Release();
    Unref();
  }

  Napi::FunctionReference ended_;
  Napi::ThreadSafeFunction to_javascript_;
  NodeReader nodes_;
  ListingAhead ahead_{[this] { return session_->dispatcher().table(); }};
  std::unique_ptr<Session> session_;
  std::unique_ptr<Warmer> warmer_;
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
