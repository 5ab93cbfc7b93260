#include "btf/c_declaration.h"

#include <string>

#include "btf/c_number.h"

namespace ikfs::btf {

namespace {

/** Pointers, qualifiers, arrays and functions in one declaration. */
constexpr std::size_t longest_chain = 128;

bool is_qualifier(Kind kind) {
  return kind == Kind::constant || kind == Kind::volatile_type || kind == Kind::restricted;
}

std::string_view qualifier(Kind kind) {
  switch (kind) {
    case Kind::constant:
      return "const";
    case Kind::volatile_type:
      return "volatile";
    default:
      return "restrict";
  }
}

/** The number that an enumeration is, by its size and sign. */
std::string_view enumeration_number(const Type& type) {
  switch (type.size()) {
    case 1:
      return type.flag() ? "signed char" : "unsigned char";
    case 2:
      return type.flag() ? "short" : "unsigned short";
    case 8:
      return type.flag() ? "long long" : "unsigned long long";
    default:
      return type.flag() ? "int" : "unsigned int";
  }
}

}  // namespace

CDeclaration::CDeclaration(const Btf& btf, CGuard& guard, CText& text)
    : btf_(btf),
      guard_(guard),
      text_(text),
      names_(btf, text),
      layout_(btf, guard),
      has_alias_(btf.count()),
      as_number_(btf.count()) {
  for (TypeId id = 1; id < btf.count(); ++id) {
    const auto type = btf.type(id);
    if (type.kind() == Kind::integer || type.kind() == Kind::floating)
      has_alias_[id] = !is_c_number(c_name_at(btf, type.name()));
  }
}

void CDeclaration::declare(TypeId id, std::string_view name, unsigned level, bool spell_va_list) {
  const CVisit visit(guard_, id);
  if (!visit.allowed()) return;
  const auto bottom = chain_.size();
  const auto bottom_closer = closers_.size();
  if (!collect(id, spell_va_list)) return;
  // From the base to the name; what comes behind the name waits in closers_.
  bool after_pointer = true;
  bool named = false;
  while (chain_.size() > bottom && !guard_.failed()) {
    const auto part = chain_.back();
    chain_.pop_back();
    const auto kind = btf_.kind(part);
    switch (kind) {
      case Kind::pointer:
        text_.add(after_pointer ? "*" : " *");
        break;
      case Kind::constant:
      case Kind::volatile_type:
      case Kind::restricted:
        text_.add(' ');
        text_.add(qualifier(kind));
        break;
      case Kind::type_tag:
        write_qualifiers(bottom);
        write_tag_attribute(btf_.type(part));
        break;
      case Kind::array:
      case Kind::prototype: {
        // gcc qualifies arrays for their elements, and functions that do not return.
        drop_qualifiers(bottom);
        bool parenthesis = chain_.size() > bottom;
        if (!parenthesis) {
          write_name(name, after_pointer);
          named = true;
        } else if (kind == Kind::prototype) {
          text_.add(" (");
        } else {
          if (!name.empty() && !after_pointer) text_.add(' ');
          if (is_next(bottom, Kind::array)) {
            parenthesis = false;
          } else {
            text_.add('(');
          }
        }
        closers_.push_back({part, parenthesis});
        break;
      }
      default:
        write_qualifiers(bottom);
        if (part == 0) {
          text_.add("void");
        } else {
          write_base(part, btf_.type(part), level);
        }
    }
    after_pointer = kind == Kind::pointer || kind == Kind::array || kind == Kind::prototype;
  }
  if (!named) write_name(name, after_pointer);
  while (closers_.size() > bottom_closer && !guard_.failed()) {
    const auto closer = closers_.back();
    closers_.pop_back();
    close(closer, level);
  }
}

/** Puts the types from one to its base behind the others. */
bool CDeclaration::collect(TypeId id, bool spell_va_list) {
  const auto bottom = chain_.size();
  for (;;) {
    chain_.push_back(id);
    if (chain_.size() - bottom > longest_chain)
      return guard_.fail(id,
                         "is part of a declaration of more than " + std::to_string(longest_chain) + " parts");
    if (id == 0) return true;
    const auto type = btf_.type(id);
    switch (type.kind()) {
      case Kind::pointer:
      case Kind::prototype:
        spell_va_list = false;
        id = type.target();
        break;
      case Kind::constant:
      case Kind::volatile_type:
      case Kind::restricted:
      case Kind::type_tag:
        id = type.target();
        break;
      case Kind::type_definition:
        if (!spell_va_list || !layout_.extent_of(id).foreign_va_list) return true;
        chain_.pop_back();
        id = type.target();
        break;
      case Kind::array:
        id = type.element();
        break;
      case Kind::function:
      case Kind::variable:
      case Kind::data_section:
      case Kind::declaration_tag:
        return guard_.fail(id, "is used as the type of something");
      default:
        return true;
    }
  }
}

bool CDeclaration::is_next(std::size_t bottom, Kind kind) const {
  return chain_.size() > bottom && btf_.kind(chain_.back()) == kind;
}

void CDeclaration::write_base(TypeId id, const Type& type, unsigned level) {
  switch (type.kind()) {
    case Kind::structure:
    case Kind::union_type:
      return type.name() == 0 ? define_record(id, level) : mention(id);
    case Kind::enumeration:
    case Kind::enumeration_64:
      if (as_number_[id]) return text_.add(enumeration_number(type));
      return type.name() == 0 ? define_enumeration(id, level) : mention(id);
    case Kind::forward:
      return mention(id);
    case Kind::type_definition:
      return names_.write_identifier(id);
    default:
      if (!has_alias_[id]) return text_.add(c_name_at(btf_, type.name()));
      if (as_number_[id]) return text_.add(c_number_like(btf_, id));
      names_.write_identifier(id);
  }
}

void CDeclaration::write_qualifiers(std::size_t bottom) {
  while (chain_.size() > bottom && is_qualifier(btf_.kind(chain_.back()))) {
    text_.add(qualifier(btf_.kind(chain_.back())));
    text_.add(' ');
    chain_.pop_back();
  }
}

void CDeclaration::drop_qualifiers(std::size_t bottom) {
  while (chain_.size() > bottom &&
         (is_qualifier(btf_.kind(chain_.back())) || btf_.kind(chain_.back()) == Kind::type_tag))
    chain_.pop_back();
}

void CDeclaration::write_name(std::string_view name, bool after_pointer) {
  if (!name.empty() && !after_pointer) text_.add(' ');
  names_.write_plain(name);
}

/** Writes what stands behind a name. */
void CDeclaration::close(const Closer& closer, unsigned level) {
  if (closer.parenthesis) text_.add(')');
  const auto type = btf_.type(closer.id);
  if (type.kind() == Kind::array) {
    text_.add('[');
    text_.add_number(type.element_count());
    return text_.add(']');
  }
  const auto count = type.length();
  if (count == 0 || (count == 1 && type.parameter(0).type == 0)) return text_.add("(void)");
  text_.add('(');
  for (std::uint32_t number = 0; number < count && !guard_.failed(); ++number) {
    const auto parameter = type.parameter(number);
    if (number > 0) text_.add(", ");
    if (number == count - 1 && parameter.type == 0) {
      text_.add("...");
    } else {
      declare(parameter.type, c_name_at(btf_, parameter.name), level);
    }
  }
  text_.add(')');
}

void CDeclaration::write_tag_attribute(const Type& type) {
  text_.add(" __attribute__((btf_type_tag(\"");
  for (const auto character : c_name_at(btf_, type.name())) {
    if (character == '"' || character == '\\') text_.add('\\');
    text_.add(static_cast<unsigned char>(character) < ' ' ? '?' : character);
  }
  text_.add("\")))");
}

void CDeclaration::mention(TypeId id) {
  const auto type = btf_.type(id);
  const auto kind = type.kind();
  if (kind == Kind::enumeration || kind == Kind::enumeration_64) {
    text_.add("enum");
  } else if (kind == Kind::union_type || (kind == Kind::forward && type.flag())) {
    text_.add("union");
  } else {
    text_.add("struct");
  }
  if (type.name() == 0) return;
  text_.add(' ');
  names_.write_tag(id);
}

void CDeclaration::define_alias(TypeId id) {
  const auto type = btf_.type(id);
  // Named before what it is of, in which constants may have names.
  const auto name = names_.identifier(id);
  text_.add("typedef ");
  if (has_alias_[id]) {
    text_.add(c_number_like(btf_, id));
    return write_name(name, false);
  }
  // Old versions of gcc lose what it is (libbpf, btf_dump_emit_typedef_def).
  if (type.target() == 0 && name == "__gnuc_va_list") return text_.add("__builtin_va_list __gnuc_va_list");
  declare(type.target(), name, 0);
}

}  // namespace ikfs::btf
