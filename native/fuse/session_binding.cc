/**
 * Sessions for JavaScript: an object that publishes nodes, and two callbacks by which the session asks for
 * what requests need and tells its end. JavaScript validates what it passes (src/transport/kernel-nodes.ts);
 * a wrong type throws TypeError.
 */
#include "fuse/session_binding.h"

#include <fcntl.h>

#include <cerrno>
#include <cmath>
#include <memory>
#include <string>
#include <unordered_map>

#include "core/failure.h"
#include "fuse/session.h"
#include "fuse/warmer.h"

namespace ikfs::fuse {

namespace {

/** Node numbers index a table, so they are bounded. Thirty kernels of four thousand modules have 150,000. */
constexpr double most_nodes = 64.0 * 1024 * 1024;

/** Files of modules that are kept open: who reads one on after it was replaced still gets the old bytes. */
constexpr std::size_t open_files = 256;

std::uint64_t whole_number(const Napi::Value& value, const char* name, double most = 9007199254740991.0) {
  const double number = value.IsNumber() ? value.As<Napi::Number>().DoubleValue() : -1;
  if (!(number >= 0 && number <= most && std::floor(number) == number)) {
    throw Napi::TypeError::New(value.Env(), std::string(name) + " must be a whole number in range");
  }
  return static_cast<std::uint64_t>(number);
}

std::string text(const Napi::Value& value, const char* name) {
  if (!value.IsString()) throw Napi::TypeError::New(value.Env(), std::string(name) + " must be a string");
  return value.As<Napi::String>().Utf8Value();
}

Napi::Array list(const Napi::Value& value, const char* name) {
  if (!value.IsArray()) throw Napi::TypeError::New(value.Env(), std::string(name) + " must be an array");
  return value.As<Napi::Array>();
}

Napi::Object object(const Napi::Value& value, const char* name) {
  if (!value.IsObject()) throw Napi::TypeError::New(value.Env(), std::string(name) + " must be an object");
  return value.As<Napi::Object>();
}

NodeId node_id(const Napi::Value& value) { return whole_number(value, "node", most_nodes); }

NodeKind node_kind(const Napi::Value& value) {
  const auto kind = text(value, "kind");
  if (kind == "directory") return NodeKind::directory;
  if (kind == "file") return NodeKind::file;
  if (kind == "link") return NodeKind::link;
  throw Napi::TypeError::New(value.Env(), "kind must be directory, file or link");
}

Need need_of(const Napi::Value& value) {
  const auto need = text(value, "need");
  if (need == "names") return Need::names;
  if (need == "settled") return Need::settled;
  if (need == "renewed") return Need::renewed;
  throw Napi::TypeError::New(value.Env(), "need must be names, settled or renewed");
}

const char* need_name(Need need) {
  switch (need) {
    case Need::names:
      return "names";
    case Need::settled:
      return "settled";
    case Need::renewed:
      return "renewed";
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
        [this](int error) { send({.end = true, .error = error}); });
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
      updates.push_back(update_of(object(nodes.Get(i), "node")));
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

  NodeUpdate update_of(const Napi::Object& source) {
    NodeUpdate update{.id = node_id(source.Get("id")), .node = {}};
    auto& node = update.node;
    if (source.Get("gone").ToBoolean()) return update;
    node.kind = node_kind(source.Get("kind"));
    node.settled = source.Get("settled").ToBoolean();
    node.is_volatile = source.Get("volatile").ToBoolean();
    node.mode = static_cast<std::uint16_t>(whole_number(source.Get("mode"), "mode", 07777));
    constexpr double nanoseconds_a_millisecond = 1e6;
    const auto modified = source.Get("modified");
    if (!modified.IsNumber()) throw Napi::TypeError::New(source.Env(), "modified must be a number");
    node.modified =
        static_cast<std::int64_t>(modified.As<Napi::Number>().DoubleValue() * nanoseconds_a_millisecond);
    switch (node.kind) {
      case NodeKind::directory:
        if (source.Has("names")) node.content = directory_of(source);
        break;
      case NodeKind::link:
        node.content = std::make_shared<const std::string>(text(source.Get("target"), "target"));
        break;
      case NodeKind::file:
        if (node.settled) {
          node.size = whole_number(source.Get("size"), "size");
          node.content = content_of(object(source.Get("content"), "content"));
        }
        break;
      case NodeKind::none:
        break;
    }
    return update;
  }

  DirectoryContent directory_of(const Napi::Object& source) {
    const auto names = list(source.Get("names"), "names");
    std::vector<Directory::Entry> entries;
    entries.reserve(names.Length());
    for (std::uint32_t i = 0; i < names.Length(); ++i) {
      const Napi::HandleScope scope(source.Env());
      const auto each = object(names.Get(i), "name");
      entries.push_back(
          {node_id(each.Get("inode")), node_kind(each.Get("kind")), text(each.Get("name"), "name")});
    }
    return std::make_shared<const Directory>(node_id(source.Get("parent")), std::move(entries));
  }

  FileContent content_of(const Napi::Object& source) {
    const auto bytes = source.Get("bytes");
    if (bytes.IsTypedArray() && bytes.As<Napi::TypedArray>().TypedArrayType() == napi_uint8_array) {
      const auto array = bytes.As<Napi::Uint8Array>();
      return {std::make_shared<MemoryBlob>(
                  std::string(reinterpret_cast<const char*>(array.Data()), array.ByteLength())),
              0};
    }
    const auto offset = whole_number(source.Get("offset"), "offset");
    if (source.Has("descriptor")) {
      const auto descriptor = static_cast<int>(whole_number(source.Get("descriptor"), "descriptor", 1 << 24));
      return {
          shared_blob("descriptor " + std::to_string(descriptor),
                      [&] { return std::make_shared<DescriptorBlob>(duplicate(source.Env(), descriptor)); }),
          offset};
    }
    const auto path = text(source.Get("path"), "path");
    const auto identity_value = source.Get("identity");
    if (!identity_value.IsObject()) {
      return {shared_blob("open " + path,
                          [&] { return std::make_shared<DescriptorBlob>(open(source.Env(), path)); }),
              offset};
    }
    const auto identity = identity_value.As<Napi::Object>();
    const FileIdentity expected{
        .inode = std::stoull(text(identity.Get("inode"), "inode")),
        .size = whole_number(identity.Get("size"), "size"),
        .modified_nanoseconds = std::stoll(text(identity.Get("modified"), "modified")),
    };
    const auto key = "path " + path + " " + std::to_string(expected.inode) + " " +
                     std::to_string(expected.modified_nanoseconds);
    return {shared_blob(key, [&] { return std::make_shared<PathBlob>(files_, path, expected); }), offset};
  }

  /** The blob of that key that some file still has, else a new one: the files of a header tree share theirs.
   */
  template <typename Make>
  std::shared_ptr<const Blob> shared_blob(const std::string& key, Make make) {
    if (key == last_key_) {
      if (auto known = last_blob_.lock()) return known;
    }
    auto& place = blobs_[key];
    auto blob = place.lock();
    if (!blob) {
      blob = make();
      place = blob;
    }
    last_key_ = key;
    last_blob_ = blob;
    return blob;
  }

  static UniqueFd duplicate(Napi::Env env, int descriptor) {
    return checked(env, fcntl(descriptor, F_DUPFD_CLOEXEC, 0), "duplicating a descriptor");
  }

  static UniqueFd open(Napi::Env env, const std::string& path) {
    return checked(env, ::open(path.c_str(), O_RDONLY | O_CLOEXEC), path.c_str());
  }

  static UniqueFd checked(Napi::Env env, int descriptor, const char* what) {
    if (descriptor < 0) throw Napi::Error::New(env, system_failure(what, errno).message);
    return UniqueFd(descriptor);
  }

  Napi::Value start(const Napi::CallbackInfo& info) {
    session(info).start();
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
    if (warmer_) warmer_->cancel();
    return info.Env().Undefined();
  }

  Napi::Value close(const Napi::CallbackInfo& info) {
    if (session_) session_->stop();
    return info.Env().Undefined();
  }

  /** After the last reader has gone: nothing calls back any more. */
  void finish() {
    warmer_.reset();
    session_.reset();
    to_javascript_.Release();
    Unref();
  }

  Napi::FunctionReference ended_;
  Napi::ThreadSafeFunction to_javascript_;
  std::shared_ptr<OpenFiles> files_ = make_open_files(open_files);
  std::unordered_map<std::string, std::weak_ptr<const Blob>> blobs_;
  std::string last_key_;
  std::weak_ptr<const Blob> last_blob_;
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
