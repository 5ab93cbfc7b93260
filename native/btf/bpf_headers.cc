#include "btf/bpf_headers.h"

#include <algorithm>
#include <utility>

#include "btf/bpf_headers_facts.h"
#include "btf/bpf_headers_groups.h"
#include "btf/bpf_headers_homes.h"
#include "btf/bpf_headers_names.h"
#include "btf/bpf_headers_plan.h"
#include "btf/bpf_headers_proof.h"
#include "btf/c_declaration.h"
#include "btf/c_guard.h"
#include "btf/c_names.h"
#include "btf/c_order.h"
#include "btf/c_text.h"

namespace ikfs::btf {

namespace {

/** `include/linux/sched.h` as it is asked for: `linux/sched.h`; `arch/x86/include/asm/a.h`: `asm/a.h`. */
std::string_view asked_for(std::string_view path) {
  constexpr std::string_view include = "include/";
  if (path.starts_with(include)) return path.substr(include.size());
  constexpr std::string_view generated = "/include/generated/";
  if (const auto at = path.find(generated); at != std::string_view::npos)
    return path.substr(at + generated.size());
  constexpr std::string_view of_machine = "/include/";
  const auto at = path.find(of_machine);
  return at == std::string_view::npos ? path : path.substr(at + of_machine.size());
}

constexpr bool is_enumeration(Kind kind) { return kind == Kind::enumeration || kind == Kind::enumeration_64; }

class BpfHeaders {
 public:
  BpfHeaders(const Btf& btf, HeaderPlan plan, std::uint64_t limit, Output& output)
      : btf_(btf),
        plan_(std::move(plan)),
        guard_(btf),
        text_(output, limit, guard_),
        declaration_(btf, guard_, text_),
        facts_(btf),
        homes_(btf, guard_, plan_, facts_),
        groups_(homes_.needs()),
        inclusions_(include_graph()),
        written_(btf.count()),
        declared_(btf.count()) {
    for (TypeId id = 1; id < btf.count(); ++id) {
      const auto kind = btf.kind(id);
      if (declaration_.has_alias(id) || (is_enumeration(kind) && !is_c_enumeration(btf.type(id))))
        declaration_.mention_as_number(id, true);
    }
  }

  Result<MadeHeaders> write();

 private:
  void decide_names();
  void rename(std::uint32_t header, bool renamed);
  void look_who_needs_types();
  void write_types_file(std::uint32_t group);
  void write_header(std::uint32_t header);
  void write_needed(std::uint32_t group);
  void write_types(const std::vector<std::uint32_t>& headers);
  void define(TypeId id, std::uint32_t group);
  void define_record(TypeId id, const Type& type);
  void declare_ahead(TypeId id);
  void write_lines(const PlannedHeader& header);
  void write_text(std::string_view line);
  void include(std::string_view path);
  bool has_types(std::uint32_t group) const;
  bool has_types_file(std::uint32_t group) const { return has_types(group) && !is_inline_[group]; }
  std::string types_file(std::uint32_t group) const;
  void include_types(std::uint32_t group);
  void write_inclusions(std::uint32_t header);
  bool is_empty(std::uint32_t header) const;
  HeaderGraph include_graph() const;
  void begin_file(std::string path, bool plain = false);
  void end_file();

  const Btf& btf_;
  HeaderPlan plan_;
  CGuard guard_;
  CText text_;
  CDeclaration declaration_;
  TypeFacts facts_;
  TypeHomes homes_;
  /** Headers whose types need each other. */
  HeaderGroups groups_;
  /** Headers that include each other. */
  HeaderGroups inclusions_;
  MadeHeaders made_;
  std::uint64_t file_start_ = 0;
  /** By group: whether its types stand in its only header, as no other needs them. */
  std::vector<bool> is_inline_;
  /** Types that the file at hand has defined, or has declared, by the file's number. */
  std::vector<std::uint32_t> written_, declared_;
  std::uint32_t file_ = 0;
};

Result<MadeHeaders> BpfHeaders::write() {
  decide_names();
  look_who_needs_types();
  for (std::uint32_t group = 0; group < groups_.count() && !guard_.failed(); ++group)
    if (has_types_file(group)) write_types_file(group);
  for (std::uint32_t header = 0; header < plan_.headers.size() && !guard_.failed(); ++header)
    write_header(header);
  text_.flush();
  if (auto failure = guard_.take()) return std::move(*failure);
  return std::move(made_);
}

void BpfHeaders::decide_names() {
  btf::decide_names(btf_, facts_, homes_, declaration_.names());
  for (std::uint32_t header = 0; header < plan_.headers.size(); ++header)
    if (plan_.headers[header].renamed) rename(header, true);
}

void BpfHeaders::rename(std::uint32_t header, bool renamed) {
  for (const auto id : homes_.types_in(header)) {
    if (is_enumeration(btf_.kind(id)))
      declaration_.mention_as_number(id, renamed || !is_c_enumeration(btf_.type(id)));
    else
      declaration_.names().decide(id, renamed ? CNames::prefixed : 1);
  }
}

void BpfHeaders::look_who_needs_types() {
  std::vector<bool> is_needed(groups_.count());
  for (std::uint32_t header = 0; header < plan_.headers.size(); ++header) {
    for (const auto needed : homes_.needs_of(header))
      if (groups_.of(needed) != groups_.of(header)) is_needed[groups_.of(needed)] = true;
  }
  is_inline_.resize(groups_.count());
  for (std::uint32_t group = 0; group < groups_.count(); ++group)
    is_inline_[group] = groups_.members(group).size() == 1 && !is_needed[group] &&
                        !plan_.headers[groups_.members(group)[0]].renamed;
}

bool BpfHeaders::has_types(std::uint32_t group) const {
  const auto& members = groups_.members(group);
  return std::any_of(members.begin(), members.end(), [&](auto header) {
    return !homes_.types_in(header).empty() || !homes_.needs_of(header).empty();
  });
}

std::string BpfHeaders::types_file(std::uint32_t group) const {
  return "btf/" + std::string(asked_for(plan_.headers[groups_.members(group)[0]].path));
}

void BpfHeaders::begin_file(std::string path, bool plain) {
  made_.files.push_back({std::move(path), 0});
  file_start_ = text_.position();
  ++file_;
  if (!plain) text_.add("#pragma once\n");
}

void BpfHeaders::end_file() { made_.files.back().size = text_.position() - file_start_; }

void BpfHeaders::include(std::string_view path) {
  text_.add("#include <");
  text_.add(path);
  text_.add(">\n");
}

void BpfHeaders::include_types(std::uint32_t group) {
  if (has_types_file(group)) include(types_file(group));
}

void BpfHeaders::write_needed(std::uint32_t group) {
  for (const auto other : groups_.targets(group)) include_types(other);
}

void BpfHeaders::write_types_file(std::uint32_t group) {
  begin_file("include/" + types_file(group));
  write_needed(group);
  write_types(groups_.members(group));
  end_file();
}

void BpfHeaders::write_types(const std::vector<std::uint32_t>& headers) {
  const auto group = groups_.of(headers[0]);
  for (const auto header : headers) {
    for (const auto id : homes_.types_in(header)) declare_ahead(id);
  }
  for (const auto header : headers) {
    for (const auto id : homes_.types_in(header)) define(id, group);
  }
}

/** Declares what a type of this file points to. */
void BpfHeaders::declare_ahead(TypeId id) {
  for (const auto each : homes_.needs_of_type(id).declared) {
    if (declared_[each] == file_) continue;
    declared_[each] = file_;
    declaration_.mention(each);
    text_.add(";\n");
  }
}

/** Defines a type behind those of this file that it needs. */
void BpfHeaders::define(TypeId id, std::uint32_t group) {
  if (written_[id] == file_ || guard_.failed()) return;
  written_[id] = file_;
  const CVisit visit(guard_, id);
  if (!visit.allowed()) return;
  for (const auto needed : homes_.needs_of_type(id).defined) {
    if (homes_.of(needed) != TypeHomes::none && groups_.of(homes_.of(needed)) == group) define(needed, group);
  }
  const auto type = btf_.type(id);
  switch (type.kind()) {
    case Kind::enumeration:
    case Kind::enumeration_64:
      if (declaration_.is_mentioned_as_number(id)) return;
      declaration_.define_enumeration(id, 0);
      break;
    case Kind::structure:
    case Kind::union_type:
      define_record(id, type);
      break;
    case Kind::type_definition:
      if (c_name_at(btf_, type.name()) == "__builtin_va_list") return;
      declaration_.define_alias(id);
      break;
    default:
      return;
  }
  text_.add(";\n");
}

/** Writes a body only when its layout is proven; else one of the same size without members. */
void BpfHeaders::define_record(TypeId id, const Type& type) {
  ++made_.bodies;
  auto& layout = declaration_.layout();
  if (has_layout_of_btf(btf_, guard_, layout, id)) return declaration_.define_record(id, 0);
  ++made_.opaque;
  declaration_.mention(id);
  text_.add(" {\n\tunsigned char not_known[");
  text_.add_number(type.size());
  text_.add("];\n} __attribute__((aligned(");
  text_.add_number(layout.extent_of(id).alignment);
  text_.add(")))");
}

bool BpfHeaders::is_empty(std::uint32_t header) const {
  return plan_.headers[header].lines.empty() && !has_types(groups_.of(header));
}

/** What headers include; in place of a header that has nothing, what that includes. */
HeaderGraph BpfHeaders::include_graph() const {
  const auto count = plan_.headers.size();
  HeaderGraph graph(count);
  std::vector<std::uint32_t> looked_at(count, TypeHomes::none), pending;
  for (std::uint32_t header = 0; header < count; ++header) {
    pending = plan_.headers[header].includes;
    while (!pending.empty()) {
      const auto included = pending.back();
      pending.pop_back();
      if (included == header || looked_at[included] == header) continue;
      looked_at[included] = header;
      if (is_empty(included)) {
        const auto& beyond = plan_.headers[included].includes;
        pending.insert(pending.end(), beyond.begin(), beyond.end());
      } else {
        graph[header].push_back(included);
      }
    }
  }
  return graph;
}

/** Of headers that include each other, the first includes all, and the others the first. */
void BpfHeaders::write_inclusions(std::uint32_t header) {
  const auto group = inclusions_.of(header);
  const auto& members = inclusions_.members(group);
  if (header != members[0]) return include(asked_for(plan_.headers[members[0]].path));
  for (const auto target : inclusions_.targets(group))
    include(asked_for(plan_.headers[inclusions_.members(target)[0]].path));
  for (const auto member : members)
    if (member != header) include(asked_for(plan_.headers[member].path));
}

void BpfHeaders::write_header(std::uint32_t header) {
  const auto& planned = plan_.headers[header];
  const auto group = groups_.of(header);
  begin_file(std::string(planned.path), planned.plain);
  if (!planned.guard.empty()) {
    text_.add("#ifndef ");
    text_.add(planned.guard);
    text_.add("\n#define ");
    text_.add(planned.guard);
    text_.add('\n');
  }
  if (planned.renamed) {
    // Here its types have their own names.
    write_needed(group);
    rename(header, false);
    write_types({header});
    rename(header, true);
  } else if (is_inline_[group]) {
    write_needed(group);
    write_types({header});
  } else {
    include_types(group);
  }
  write_inclusions(header);
  write_lines(planned);
  if (!planned.guard.empty()) text_.add("#endif\n");
  end_file();
}

void BpfHeaders::write_lines(const PlannedHeader& header) {
  bool holds = true;
  for (const auto& line : header.lines) {
    switch (line.kind) {
      case PlannedLine::Kind::condition:
        holds = facts_.holds(line.text);
        break;
      case PlannedLine::Kind::end_of_condition:
        holds = true;
        break;
      case PlannedLine::Kind::text:
        if (!holds) break;
        write_text(line.text);
        text_.add('\n');
    }
  }
}

/** Writes a line in which `@count TAG.MEMBER@` stands for the number of elements of an array. */
void BpfHeaders::write_text(std::string_view line) {
  constexpr std::string_view mark = "@count ";
  for (;;) {
    const auto at = line.find(mark);
    if (at == std::string_view::npos) return text_.add(line);
    const auto end = line.find('@', at + mark.size());
    if (end == std::string_view::npos) return text_.add(line);
    text_.add(line.substr(0, at));
    const auto path = line.substr(at + mark.size(), end - at - mark.size());
    text_.add_number(facts_.element_count(path).value_or(0));
    line.remove_prefix(end + 1);
  }
}

}  // namespace

Result<MadeHeaders> write_bpf_headers(const Btf& btf, std::string_view plan, std::uint64_t limit,
                                      Output& output) {
  CGuard guard(btf);
  if (!all_refer_to_types(btf, guard)) return *guard.take();
  auto parsed = HeaderPlan::parse(plan);
  if (auto* failure = std::get_if<Failure>(&parsed)) return std::move(*failure);
  return BpfHeaders(btf, std::get<HeaderPlan>(std::move(parsed)), limit, output).write();
}

}  // namespace ikfs::btf
