#include "btf/bpf_headers_plan.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <string>
#include <utility>

#include "btf/name_map.h"

namespace ikfs::btf {

namespace {

/** Visits the parts of a text that a character separates, but for empty ones. */
template <typename Visit>
void each_part(std::string_view text, char separator, Visit visit) {
  while (!text.empty()) {
    const auto end = std::min(text.find(separator), text.size());
    if (end != 0) visit(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
}

/** A number in base 36 as JavaScript writes it; the digits before what is none. */
std::uint32_t bits_of(std::string_view text) {
  std::uint32_t bits = 0;
  std::from_chars(text.data(), text.data() + text.size(), bits, 36);
  return bits;
}

/**
 * Visits the names of an entry that any of the series has.
 * @param entry `BITS HAVING<tab>LIST<tab>LIST`: bits of the series that count, bits of those that have the
 * header
 * @param visit given the number of the list and a name
 */
template <typename Visit>
void each_name(std::string_view entry, Visit visit) {
  const auto wanted = bits_of(entry);
  const auto start = std::min(entry.find(' '), entry.size() - 1) + 1;
  const auto having = bits_of(entry.substr(start));
  auto lists = entry.substr(std::min(entry.find('\t', start), entry.size() - 1) + 1);
  for (unsigned number = 0; !lists.empty(); ++number) {
    const auto end = std::min(lists.find('\t'), lists.size());
    auto present = having;
    each_part(lists.substr(0, end), ' ', [&](std::string_view name) {
      if (name[0] == '=')
        present = bits_of(name.substr(1));
      else if ((present & wanted) != 0)
        visit(number, name);
    });
    lists.remove_prefix(std::min(end + 1, lists.size()));
  }
}

/** Where compilers look for headers: the folders below the tree, and below arch/ARCH, in their order. */
struct Folder {
  bool of_machine;
  std::string_view path;
};
constexpr std::array<Folder, 7> folders{{{true, "include/"},
                                         {true, "include/generated/"},
                                         {false, "include/"},
                                         {true, "include/uapi/"},
                                         {true, "include/generated/uapi/"},
                                         {false, "include/uapi/"},
                                         {false, "include/generated/uapi/"}}};

/** Headers by the names by which they are asked for. */
class AskedHeaders {
 public:
  explicit AskedHeaders(std::size_t count) : found_(count * 2) {}

  void add(std::string_view path, std::uint32_t header) {
    const bool of_machine = path.starts_with(arch);
    if (of_machine) path.remove_prefix(std::min(path.find('/', arch.size()), path.size() - 1) + 1);
    for (std::uint8_t rank = 0; rank < folders.size(); ++rank) {
      const auto& folder = folders[rank];
      if (folder.of_machine != of_machine || !path.starts_with(folder.path)) continue;
      auto [found, is_new] = found_.add(path.substr(folder.path.size()));
      if (is_new || found.rank > rank) found = {header, rank};
    }
  }

  std::optional<std::uint32_t> find(std::string_view name) const {
    const auto* found = found_.get(name);
    if (!found) return std::nullopt;
    return found->header;
  }

 private:
  static constexpr std::string_view arch = "arch/";
  struct Found {
    std::uint32_t header = 0;
    std::uint8_t rank = 0;
  };
  NameMap<Found> found_;
};

}  // namespace

Result<HeaderPlan> HeaderPlan::parse(std::string_view text) {
  HeaderPlan plan;
  std::string wrong;
  each_part(text, '\n', [&](std::string_view line) {
    if (line.starts_with("H ") || line.starts_with("F ")) plan.headers.emplace_back().path = line.substr(2);
  });
  AskedHeaders asked(plan.headers.size());
  for (std::uint32_t number = 0; number < plan.headers.size(); ++number)
    asked.add(plan.headers[number].path, number);
  PlannedHeader* header = nullptr;
  auto next = plan.headers.begin();
  each_part(text, '\n', [&](std::string_view line) {
    const auto rest = line.substr(std::min<std::size_t>(2, line.size()));
    if (line[0] == 'H' || line[0] == 'F') {
      header = &*next++;
      header->plain = line[0] == 'F';
      return;
    }
    if (!header) {
      wrong = line;
      return;
    }
    switch (line[0]) {
      case 'I':
        each_part(rest, ' ', [&](std::string_view name) {
          if (const auto found = asked.find(name)) header->includes.push_back(*found);
        });
        break;
      case 'S':
        each_part(rest, ' ', [&](std::string_view name) { header->tags.push_back(name); });
        break;
      case 'D':
        each_part(rest, ' ', [&](std::string_view name) { header->type_definitions.push_back(name); });
        break;
      case 'E':
        each_part(rest, ' ', [&](std::string_view name) { header->constants.push_back(name); });
        break;
      case 'N':
        each_name(rest, [&](unsigned list, std::string_view name) {
          (list == 0   ? header->tags
           : list == 1 ? header->type_definitions
                       : header->constants)
              .push_back(name);
        });
        break;
      case 'J':
        each_name(rest, [&](unsigned, std::string_view name) {
          if (const auto found = asked.find(name)) header->includes.push_back(*found);
        });
        break;
      case 'R':
        header->renamed = true;
        header->guard = rest;
        break;
      case '+':
        header->lines.push_back({PlannedLine::Kind::text, rest});
        break;
      case '?':
        header->lines.push_back({PlannedLine::Kind::condition, rest});
        break;
      case '.':
        header->lines.push_back({PlannedLine::Kind::end_of_condition, rest});
        break;
      default:
        wrong = line;
    }
  });
  if (!wrong.empty()) return Failure{FailureCode::usage, "plan of headers: unknown line " + wrong};
  return plan;
}

}  // namespace ikfs::btf
