#include "module/module_survey.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <exception>
#include <thread>

#include "core/unique_fd.h"

namespace ikfs {

namespace {

/** That of a module with very many aliases is 30 KB. */
constexpr std::uint64_t largest_information = 1024 * 1024;
/** Types are read in pieces that stay in the cache. */
constexpr std::size_t types_at_once = 256 * 1024;
/** The largest of a distribution's modules has 1 MB. */
constexpr std::uint64_t largest_types = 256 * 1024 * 1024;

/** Most of the time goes into system calls, which two threads hardly wait for one another in. */
constexpr std::size_t most_threads = 2;
/** Files that a thread takes in one go. */
constexpr std::size_t files_at_once = 32;

/** That of a survey's texts which one thread fills. */
class TextPool {
 public:
  SurveyedText add(std::string_view text) {
    const SurveyedText place{static_cast<double>(text_.size()), static_cast<double>(text.size())};
    text_ += text;
    return place;
  }

  /** The same for a text that is often the one that came before. */
  SurveyedText add_repeated(std::string_view text) {
    const auto last = std::string_view(text_).substr(last_start_, last_size_);
    if (last != text || !has_last_) {
      last_start_ = text_.size();
      last_size_ = text.size();
      has_last_ = true;
      return add(text);
    }
    return {static_cast<double>(last_start_), static_cast<double>(last_size_)};
  }

  std::string take() { return std::move(text_); }

 private:
  std::string text_;
  std::size_t last_start_ = 0;
  std::size_t last_size_ = 0;
  bool has_last_ = false;
};

SurveyedRange to_record(const std::optional<FileRange>& range) {
  if (!range) return {};
  return {static_cast<double>(range->offset), static_cast<double>(range->size)};
}

SurveyRecord to_record(const Failure& failure, TextPool& pool) {
  SurveyRecord record;
  record.state = 2;
  record.name = pool.add(failure_code_name(failure.code));
  record.vermagic = pool.add(failure.message);
  record.offset = static_cast<double>(failure.offset);
  return record;
}

SurveyRecord to_record(const ModuleFacts& facts, TextPool& pool) {
  SurveyRecord record;
  record.state = facts.is_elf ? 0 : 1;
  record.inode = static_cast<std::int64_t>(facts.identity.inode);
  record.size = static_cast<double>(facts.identity.size);
  record.seconds = facts.identity.seconds;
  record.nanoseconds = facts.identity.nanoseconds;
  record.machine = facts.kind.machine;
  record.bits = facts.kind.bits;
  record.is_big_endian = facts.kind.order == std::endian::big ? 1 : 0;
  record.btf = to_record(facts.btf);
  record.btf_base = to_record(facts.btf_base);
  record.debug_info = to_record(facts.debug_info);
  if (facts.name) record.name = pool.add(*facts.name);
  if (facts.vermagic) record.vermagic = pool.add_repeated(*facts.vermagic);
  return record;
}

}  // namespace

ReadCounts ModuleReader::counts() const {
  auto counts = counts_;
  counts.bytes += sections_.bytes_read();
  return counts;
}

Result<ModuleFacts> ModuleReader::look_at(const std::string& path) {
  if (path.find('\0') != path.npos) return Failure{FailureCode::not_found, "no path has a NUL"};
  // Without O_NONBLOCK, opening a FIFO that lies where a module is expected would wait for ever.
  const UniqueFd file(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (file.get() < 0) return system_failure("open", errno);
  struct stat status;
  if (fstat(file.get(), &status) != 0) return system_failure("fstat", errno);
  if (!S_ISREG(status.st_mode)) return Failure{FailureCode::wrong_kind, "is not a regular file"};
  counts_.files += 1;

  ModuleFacts facts;
  facts.identity = {status.st_ino, static_cast<std::uint64_t>(status.st_size), status.st_mtim.tv_sec,
                    static_cast<std::uint32_t>(status.st_mtim.tv_nsec)};
  const auto opened = sections_.open(file.get(), facts.identity.size);
  if (const auto* failure = std::get_if<Failure>(&opened)) return *failure;
  facts.is_elf = std::get<bool>(opened);
  if (!facts.is_elf) return facts;
  facts.kind = sections_.kind();

  const auto information = range_of(".modinfo");
  if (const auto* failure = std::get_if<Failure>(&information)) return *failure;
  if (const auto range = *std::get_if<std::optional<FileRange>>(&information)) {
    if (auto failure = read_information(file.get(), *range, facts)) return std::move(*failure);
  }
  const auto btf = range_of(".BTF");
  if (const auto* failure = std::get_if<Failure>(&btf)) return *failure;
  facts.btf = *std::get_if<std::optional<FileRange>>(&btf);
  const auto base = range_of(".BTF.base");
  if (const auto* failure = std::get_if<Failure>(&base)) return *failure;
  facts.btf_base = *std::get_if<std::optional<FileRange>>(&base);
  const auto debug = sections_.find(".debug_info");
  if (const auto* failure = std::get_if<Failure>(&debug)) return *failure;
  if (const auto section = *std::get_if<std::optional<ElfSection>>(&debug)) facts.debug_info = section->range;

  if (read_btf_ && facts.btf) {
    if (auto failure = read_types(file.get(), *facts.btf)) return std::move(*failure);
  }
  return facts;
}

Result<std::optional<FileRange>> ModuleReader::range_of(std::string_view section) const {
  const auto found = sections_.find(section);
  if (const auto* failure = std::get_if<Failure>(&found)) return *failure;
  const auto header = *std::get_if<std::optional<ElfSection>>(&found);
  if (!header) return std::optional<FileRange>{};
  auto range = sections_.content(*header, section);
  if (auto* failure = std::get_if<Failure>(&range)) return std::move(*failure);
  return std::get<FileRange>(range);
}

Status ModuleReader::read_information(int descriptor, const FileRange& range, ModuleFacts& facts) {
  if (range.size > largest_information)
    return Failure{FailureCode::limit, "has " + std::to_string(range.size) + " bytes of .modinfo"};
  if (information_.size() < range.size) information_.resize(range.size);
  if (auto failure = read_range(descriptor, range.offset, information_.data(), range.size)) return failure;
  counts_.bytes += range.size;

  std::string_view rest(reinterpret_cast<const char*>(information_.data()), range.size);
  while (!rest.empty() && !(facts.name && facts.vermagic)) {
    const auto entry = rest.substr(0, rest.find('\0'));
    rest.remove_prefix(std::min(entry.size() + 1, rest.size()));
    for (const auto& [key, value] :
         {std::pair{std::string_view("name="), &facts.name}, {"vermagic=", &facts.vermagic}}) {
      if (entry.starts_with(key) && !*value) *value = entry.substr(key.size());
    }
  }
  return {};
}

Status ModuleReader::read_types(int descriptor, const FileRange& range) {
  if (range.size > largest_types)
    return Failure{FailureCode::limit, "has " + std::to_string(range.size) + " bytes of .BTF"};
  types_.resize(types_at_once);
  for (std::uint64_t done = 0; done < range.size;) {
    const auto size = std::min<std::uint64_t>(types_at_once, range.size - done);
    if (auto failure = read_range(descriptor, range.offset + done, types_.data(), size)) return failure;
    done += size;
  }
  counts_.bytes += range.size;
  counts_.btf_bytes += range.size;
  return {};
}

ModuleSurvey survey_modules(const std::vector<std::string>& paths, bool read_btf) {
  ModuleSurvey survey;
  survey.records.resize(paths.size());
  std::atomic<std::size_t> next{0};

  struct Share {
    TextPool pool;
    ReadCounts counts;
    std::exception_ptr thrown;
  };
  std::array<Share, most_threads> shares;
  const auto work = [&](std::size_t number) noexcept {
    auto& share = shares[number];
    try {
      ModuleReader reader(read_btf);
      for (auto start = next.fetch_add(files_at_once); start < paths.size();
           start = next.fetch_add(files_at_once)) {
        const auto end = std::min(start + files_at_once, paths.size());
        for (auto index = start; index < end; ++index) {
          const auto seen = reader.look_at(paths[index]);
          auto& record = survey.records[index];
          record = std::visit([&](const auto& found) { return to_record(found, share.pool); }, seen);
          record.text = static_cast<double>(number);
        }
      }
      share.counts = reader.counts();
    } catch (...) {
      share.thrown = std::current_exception();
    }
  };

  std::vector<std::thread> others;
  others.reserve(most_threads);
  while (others.size() + 1 < most_threads && (others.size() + 1) * files_at_once < paths.size()) {
    try {
      others.emplace_back(work, others.size() + 1);
    } catch (const std::exception&) {
      // Where no thread can be had, this one does it all.
      break;
    }
  }
  work(0);
  for (auto& other : others) other.join();

  for (auto& share : shares) {
    if (share.thrown) std::rethrow_exception(share.thrown);
    survey.texts.push_back(share.pool.take());
    survey.counts.files += share.counts.files;
    survey.counts.bytes += share.counts.bytes;
    survey.counts.btf_bytes += share.counts.btf_bytes;
  }
  return survey;
}

}  // namespace ikfs
