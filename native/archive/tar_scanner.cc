#include "archive/tar_scanner.h"

#include <algorithm>
#include <cstdio>
#include <cstring>

#include "archive/entry_name.h"

namespace ikfs {

namespace {

/** Cap on the content of one extension header; tar-stream, which does this in JavaScript, has the same. */
constexpr std::uint64_t kMaxExtension = 4 * 1024 * 1024;

bool is_extension(char type) { return type == 'L' || type == 'K' || type == 'x' || type == 'g'; }

/** Why an entry of this type is refused, or nullptr. */
const char* refusal(char type) {
  switch (type) {
    case '0':
    case '\0':
    case '2':
    case '5':
    case '7':
      return nullptr;
    case '1':
      return "is a hard link";
    case '3':
    case '4':
      return "is a device";
    case '6':
      return "is a FIFO";
    case 'S':
      return "is a sparse file";
    default:
      return "is of an unknown type";
  }
}

/** Archives older than the type '5' mark a directory by a slash at the end of its name. */
TarEntryKind kind_of(char type, std::string_view path) {
  if (type == '2') return TarEntryKind::link;
  return type == '5' || path.ends_with('/') ? TarEntryKind::directory : TarEntryKind::file;
}

std::uint64_t padding(std::uint64_t size) { return (kTarBlock - size % kTarBlock) % kTarBlock; }

std::string_view up_to_zero(std::string_view text) { return text.substr(0, text.find('\0')); }

}  // namespace

TarScanner::TarScanner(TarEntryReceiver& receiver, std::uint64_t max_entries)
    : receiver_(receiver), max_entries_(max_entries) {}

Status TarScanner::feed(Bytes bytes) {
  while (!bytes.empty()) {
    Status failure;
    switch (state_) {
      case State::header:
        failure = feed_header(bytes);
        break;
      case State::extension:
        failure = feed_extension(bytes);
        break;
      case State::skip:
        feed_skip(bytes);
        break;
      case State::ended:
        return {};
    }
    if (failure) return failure;
  }
  return {};
}

Status TarScanner::finish() const {
  if (state_ == State::ended) return {};
  return Failure{FailureCode::truncated, "the archive has no end"};
}

Bytes TarScanner::consume(Bytes& bytes, std::size_t count) {
  const auto front = bytes.first(count);
  bytes = bytes.subspan(count);
  position_ += count;
  return front;
}

Status TarScanner::feed_header(Bytes& bytes) {
  if (partial_size_ == 0) {
    header_position_ = position_;
    if (bytes.size() >= kTarBlock) return take_header(consume(bytes, kTarBlock).first<kTarBlock>());
  }
  const auto part = consume(bytes, std::min(bytes.size(), kTarBlock - partial_size_));
  std::memcpy(partial_.data() + partial_size_, part.data(), part.size());
  partial_size_ += part.size();
  if (partial_size_ < kTarBlock) return {};
  partial_size_ = 0;
  return take_header(partial_);
}

Status TarScanner::feed_extension(Bytes& bytes) {
  const auto part = consume(bytes, std::min(bytes.size(), extension_size_ - extension_.size()));
  extension_.append(reinterpret_cast<const char*>(part.data()), part.size());
  return extension_.size() == extension_size_ ? take_extension() : Status{};
}

void TarScanner::feed_skip(Bytes& bytes) {
  skip_ -= consume(bytes, std::min<std::uint64_t>(bytes.size(), skip_)).size();
  if (skip_ == 0) state_ = State::header;
}

void TarScanner::skip(std::uint64_t count) {
  skip_ = count;
  state_ = count == 0 ? State::header : State::skip;
}

Failure TarScanner::at_header(Failure failure) const {
  char place[64];
  std::snprintf(place, sizeof place, " (tar header at 0x%llx)",
                static_cast<unsigned long long>(header_position_));
  failure.message += place;
  return failure;
}

Status TarScanner::take_header(TarBlock block) {
  if (is_zero_block(block)) {
    if (pending_.any)
      return at_header({FailureCode::corrupt, "the archive ends after a name without an entry"});
    state_ = State::ended;
    return {};
  }
  auto parsed = parse_tar_header(block);
  if (auto* failure = std::get_if<Failure>(&parsed)) return at_header(std::move(*failure));
  auto& header = std::get<TarHeader>(parsed);
  if (!is_extension(header.type)) return take_entry(std::move(header));
  if (header.size > kMaxExtension) {
    return at_header(
        {FailureCode::limit, "a name or pax header of " + std::to_string(header.size) + " bytes"});
  }
  extension_type_ = header.type;
  extension_size_ = header.size;
  extension_.clear();
  state_ = State::extension;
  return extension_size_ == 0 ? take_extension() : Status{};
}

Status TarScanner::take_extension() {
  skip(padding(extension_size_));
  if (extension_type_ == 'L') pending_.path = up_to_zero(extension_);
  if (extension_type_ == 'K') pending_.target = up_to_zero(extension_);
  if (extension_type_ == 'x' || extension_type_ == 'g') {
    auto parsed = parse_pax_header(extension_);
    if (auto* failure = std::get_if<Failure>(&parsed)) return at_header(std::move(*failure));
    auto& pax = std::get<PaxHeader>(parsed);
    if (extension_type_ == 'g') {
      if (pax.path.empty() && pax.target.empty() && !pax.size && !pax.sparse) return {};
      return at_header({FailureCode::unsupported, "a global pax header that names or sizes entries"});
    }
    pending_.pax = std::move(pax);
  }
  pending_.any = true;
  return {};
}

Status TarScanner::take_entry(TarHeader header) {
  if (!pending_.path.empty()) header.path = pending_.path;
  if (!pending_.target.empty()) header.target = pending_.target;
  if (!pending_.pax.path.empty()) header.path = pending_.pax.path;
  if (!pending_.pax.target.empty()) header.target = pending_.pax.target;
  header.size = pending_.pax.size.value_or(header.size);
  const auto refuse = [&](FailureCode code, const char* what) {
    return at_header({code, "entry " + quoted_name(header.path) + " " + what});
  };
  if (const char* reason = refusal(header.type)) return refuse(FailureCode::unsupported, reason);
  if (pending_.pax.sparse) return refuse(FailureCode::unsupported, "is a sparse file");
  const auto kind = kind_of(header.type, header.path);
  if (kind != TarEntryKind::file && header.size != 0)
    return refuse(FailureCode::corrupt, "has content but is no file");
  if (kind != TarEntryKind::link) header.target.clear();
  if (kind == TarEntryKind::link && header.target.empty())
    return refuse(FailureCode::corrupt, "points nowhere");
  if (auto problem = name_problem(header.path)) return refuse(problem->code, problem->what);
  if (auto problem = name_problem(header.target)) return refuse(problem->code, problem->what);
  if (header.path.empty()) return refuse(FailureCode::corrupt, "has no name");
  if (++entries_ > max_entries_) {
    const auto allowed = std::to_string(max_entries_);
    return at_header({FailureCode::limit, "the archive has more than the " + allowed + " entries allowed"});
  }

  const auto offset = kind == TarEntryKind::file ? position_ : 0;
  const TarEntry entry{kind, trimmed_name(header.path), header.target, header.mode, header.size, offset};
  if (auto failure = receiver_.receive(entry)) return at_header(std::move(*failure));
  skip(header.size + padding(header.size));
  pending_ = {};
  return {};
}

}  // namespace ikfs
