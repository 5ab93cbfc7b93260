#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "core/failure.h"

namespace ikfs::btf {

/** A line of C that a header has beside its types, or a condition on the types for the lines that follow. */
struct PlannedLine {
  enum class Kind : std::uint8_t { text, condition, end_of_condition };
  Kind kind;
  std::string_view text;
};

/** A header of the tree: what it declares in a real one, and what it has of its own. Numbers are those of
 * headers. */
struct PlannedHeader {
  std::string_view path;
  std::vector<std::uint32_t> includes;
  std::vector<std::string_view> tags;
  std::vector<std::string_view> type_definitions;
  /** The first constants of enumerations without a name. */
  std::vector<std::string_view> constants;
  std::vector<PlannedLine> lines;
  /** Whether its types go by other names wherever they are used but in itself. */
  bool renamed = false;
  /** Whether it is no header but a file that has its lines and nothing else. */
  bool plain = false;
  /** The macro that says that it has been read, for those who have text of their own in its place; else
   * empty. */
  std::string_view guard;
};

/**
 * A plan as src/bpf-headers/plan.ts writes it: lines that begin with a letter and a space; names in a line
 * have a space between them. Of several headers that may be meant by an included name it is that which
 * compilers find first; one that the plan has not is left out.
 *
 *     H PATH      a header; what follows belongs to it
 *     F PATH      the same, but a file of lines only
 *     I NAMES     it includes those headers, as compilers are asked for them: `linux/types.h`
 *     S TAGS      it declares those structs, unions and enums
 *     D NAMES     it defines those types
 *     E NAMES     it has enumerations without a name, whose first constants those are
 *     N BITS ENTRY    S, D and E at once: an entry of names.dat (src/bpf-headers/names-data.ts) and the
 * series that count, both numbers and entry as they are there J BITS ENTRY    the same of includes.dat: I R
 * GUARD     its types go by other names in other headers, and it is empty where GUARD is defined
 *     + TEXT      a line of C
 *     ? WORDS     the lines of C from here to `.` only when all words hold for the types
 * (bpf_headers_facts.h)
 *     .
 */
struct HeaderPlan {
  std::vector<PlannedHeader> headers;

  /** @param text is referred to, not copied. @returns or fails with `usage` */
  static Result<HeaderPlan> parse(std::string_view text);
};

}  // namespace ikfs::btf
