#include "btf/c_header.h"

#include <vector>

#include "btf/c_declaration.h"
#include "btf/c_guard.h"
#include "btf/c_order.h"
#include "btf/c_text.h"

namespace ikfs::btf {

namespace {

constexpr std::string_view opening = R"(#ifndef BPF_NO_PRESERVE_ACCESS_INDEX
#pragma clang attribute push (__attribute__((preserve_access_index)), apply_to = record)
#endif

)";

constexpr std::string_view closing = R"(#ifndef BPF_NO_PRESERVE_ACCESS_INDEX
#pragma clang attribute pop
#endif
)";

/** Writes definitions, and before each the forward declarations that it needs. */
class CHeader {
 public:
  CHeader(const Btf& btf, const CHeaderOptions& options, Output& output)
      : btf_(btf),
        options_(options),
        guard_(btf),
        text_(output, options.limit, guard_),
        order_(btf, guard_),
        declaration_(btf, guard_, text_),
        progress_(btf.count(), Progress::none),
        forward_(btf.count()) {
    progress_[0] = Progress::written;
  }

  Status write();

 private:
  enum class Progress : std::uint8_t { none, begun, written };

  void write_types(TypeId from, TypeId to);
  void define(TypeId id);
  void prepare(TypeId id, TypeId inside);
  void prepare_again(TypeId id, TypeId inside);
  void prepare_members(const Type& type, TypeId inside);
  void write_forward(TypeId id);
  void write_alias(TypeId id);
  bool is_built_in(TypeId id) const { return c_name_at(btf_, btf_.type(id).name()) == "__builtin_va_list"; }

  const Btf& btf_;
  const CHeaderOptions& options_;
  CGuard guard_;
  CText text_;
  COrder order_;
  CDeclaration declaration_;
  std::vector<Progress> progress_;
  /** Which have been declared ahead; of type definitions, which have been written while their target was not.
   */
  std::vector<bool> forward_;
};

Status CHeader::write() {
  if (options_.guard.empty()) {
    text_.add("#pragma once\n\n");
  } else {
    text_.add("#ifndef ");
    text_.add(options_.guard);
    text_.add("\n#define ");
    text_.add(options_.guard);
    text_.add("\n\n");
  }
  if (!options_.included.empty()) {
    text_.add("#include \"");
    text_.add(options_.included);
    text_.add("\"\n\n");
  }
  text_.add(opening);
  if (!all_refer_to_types(btf_, guard_)) return guard_.take();
  // What is in the base's header is gone through as it was written, to know its names.
  const auto first = std::min(options_.first_own, btf_.count());
  text_.mute(true);
  write_types(1, first);
  text_.mute(guard_.failed());
  write_types(first, btf_.count());
  text_.add(closing);
  if (!options_.guard.empty()) {
    text_.add("\n#endif /* ");
    text_.add(options_.guard);
    text_.add(" */\n");
  }
  text_.flush();
  return guard_.take();
}

void CHeader::write_types(TypeId from, TypeId to) {
  if (guard_.failed()) return;
  order_.note_mentions(from, to);
  for (TypeId id = from; id < to; ++id) {
    for (const auto definition : order_.definitions_for(id)) define(definition);
    if (guard_.failed()) return;
  }
}

/** Writes a type with a name, or constants without one, as what stands for itself. */
void CHeader::define(TypeId id) {
  auto& progress = progress_[id];
  if (progress == Progress::written || guard_.failed()) return;
  const auto type = btf_.type(id);
  switch (type.kind()) {
    case Kind::enumeration:
    case Kind::enumeration_64:
      declaration_.define_enumeration(id, 0);
      break;
    case Kind::structure:
    case Kind::union_type:
      progress = Progress::begun;
      prepare_members(type, id);
      declaration_.define_record(id, 0);
      break;
    default:
      return prepare(id, 0);
  }
  text_.add(";\n\n");
  progress = Progress::written;
}

/**
 * Writes what must be known of a type before it can be mentioned.
 * @param inside the struct, union or type definition that mentions it, or 0
 */
void CHeader::prepare(TypeId id, TypeId inside) {
  auto& progress = progress_[id];
  if (progress == Progress::written) return;
  if (progress == Progress::begun) return prepare_again(id, inside);
  const CVisit visit(guard_, id);
  if (!visit.allowed()) return;
  const auto type = btf_.type(id);
  switch (type.kind()) {
    case Kind::integer:
    case Kind::floating:
      progress = Progress::written;
      if (declaration_.has_alias(id)) write_alias(id);
      break;
    case Kind::enumeration:
    case Kind::enumeration_64:
      progress = Progress::written;
      break;
    case Kind::pointer:
    case Kind::volatile_type:
    case Kind::constant:
    case Kind::restricted:
    case Kind::type_tag:
      return prepare(type.target(), inside);
    case Kind::array:
      return prepare(type.element(), inside);
    case Kind::forward:
      progress = Progress::written;
      return write_forward(id);
    case Kind::type_definition:
      progress = Progress::begun;
      prepare(type.target(), id);
      if (!forward_[id]) write_alias(id);
      progress = Progress::written;
      break;
    case Kind::structure:
    case Kind::union_type:
      if (type.name() == 0) {
        progress = Progress::begun;
        if (guard_.go_through(id, type.length())) prepare_members(type, inside);
        progress = Progress::none;
      } else if (!forward_[id] && id != inside) {
        write_forward(id);
      }
      break;
    case Kind::prototype:
      if (!guard_.go_through(id, type.length())) return;
      prepare(type.target(), inside);
      for (std::uint32_t number = 0; number < type.length() && !guard_.failed(); ++number)
        prepare(type.parameter(number).type, inside);
      break;
    default:
      break;
  }
}

/** Writes what must be known of a type that is being prepared or written itself. */
void CHeader::prepare_again(TypeId id, TypeId inside) {
  if (forward_[id]) return;
  const auto type = btf_.type(id);
  if (type.kind() == Kind::type_definition) {
    forward_[id] = true;
    write_alias(id);
  } else if (id != inside && type.name() != 0) {
    write_forward(id);
  }
}

void CHeader::prepare_members(const Type& type, TypeId inside) {
  for (std::uint32_t number = 0; number < type.length() && !guard_.failed(); ++number)
    prepare(type.member(number).type, inside);
}

void CHeader::write_forward(TypeId id) {
  if (btf_.type(id).name() == 0) return;
  forward_[id] = true;
  declaration_.mention(id);
  text_.add(";\n\n");
}

void CHeader::write_alias(TypeId id) {
  if (guard_.failed() || is_built_in(id)) return;
  declaration_.define_alias(id);
  text_.add(";\n\n");
}

}  // namespace

Status write_c_header(const Btf& btf, const CHeaderOptions& options, Output& output) {
  return CHeader(btf, options, output).write();
}

Status write_c_header(const Btf& btf, bool own, Output& output) {
  if (!own) return write_c_header(btf, CHeaderOptions{}, output);
  return write_c_header(btf, {.first_own = btf.first(), .guard = {}, .included = "vmlinux.h"}, output);
}

}  // namespace ikfs::btf
