#include "btf/form.h"

#include <algorithm>
#include <bit>
#include <string>

#include "btf/complaint.h"

namespace ikfs::btf {

namespace {

/** BTF_MAX_NAME_OFFSET and BTF_MAX_TYPE of include/uapi/linux/btf.h. */
constexpr std::uint32_t last_name_offset = 0xff'ffff;
constexpr TypeId last_type = 0xf'ffff;
/** KSYM_NAME_LEN since Linux 6.1. */
constexpr std::size_t longest_name = 512;

enum class NameRule { free, none, may, must, section, text };

/** What all types of a kind have in common. */
struct KindRules {
  NameRule name;
  std::uint32_t longest;
  bool flag;
};

KindRules rules_of(Kind kind) {
  constexpr std::uint32_t any = 0xff'ffff;
  switch (kind) {
    case Kind::integer:
    case Kind::floating:
      return {NameRule::free, 0, false};
    case Kind::structure:
    case Kind::union_type:
    case Kind::enumeration:
    case Kind::enumeration_64:
      return {NameRule::may, any, true};
    case Kind::forward:
      return {NameRule::must, 0, true};
    case Kind::type_definition:
    case Kind::variable:
      return {NameRule::must, 0, false};
    case Kind::function:
      // Its length is its linkage: static or global. Extern ones are of programs and not loaded as such.
      return {NameRule::must, 1, false};
    case Kind::prototype:
      return {NameRule::none, any, false};
    case Kind::data_section:
      return {NameRule::section, any, false};
    case Kind::declaration_tag:
    case Kind::type_tag:
      return {NameRule::text, 0, true};
    default:
      return {NameRule::none, 0, false};
  }
}

constexpr bool is_letter(char byte) {
  return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') || byte == '_' || byte == '.';
}

/** The kernel's identifiers: those of C and, as compilers make such, with dots. */
bool is_identifier(const Btf& btf, std::uint32_t offset) {
  if (offset > last_name_offset) return false;
  const auto name = btf.string_start(offset, longest_name + 1);
  return !name.empty() && name.size() <= longest_name && is_letter(name.front()) &&
         std::all_of(name.begin(), name.end(),
                     [](char byte) { return is_letter(byte) || (byte >= '0' && byte <= '9'); });
}

bool is_section_name(const Btf& btf, std::uint32_t offset) {
  if (offset > last_name_offset) return false;
  const auto name = btf.string_start(offset, longest_name + 1);
  return !name.empty() && name.size() <= longest_name &&
         std::all_of(name.begin(), name.end(), [](char byte) { return byte >= ' ' && byte <= '~'; });
}

class Form {
 public:
  Form(const Btf& btf, TypeId id) : btf_(btf), id_(id), type_(btf.type(id)) {}

  Status check();

 private:
  Failure wrong(const std::string& what) const { return complaint(btf_, id_, what); }
  Status check_head();
  Status check_name(const KindRules& rules);
  Status check_integer();
  Status check_members();
  Status check_enumerators();
  Status check_parameters();
  Status check_section();
  /** @param subject whose type it is: `member 3 (bar): ` or nothing */
  Status check_there(const std::string& subject, TypeId target, bool may_be_void);
  /** @param subject whose name it is */
  Status check_identifier(const std::string& subject, std::uint32_t name, bool needed);

  std::string numbered(const char* noun, std::uint32_t number, std::uint32_t name) const {
    const auto text = shown(btf_.string(name));
    return std::string(noun) + " " + std::to_string(number) + (text.empty() ? "" : " (" + text + ")") + ": ";
  }

  const Btf& btf_;
  TypeId id_;
  Type type_;
};

Status Form::check() {
  if (auto failure = check_head()) return failure;
  switch (type_.kind()) {
    case Kind::integer:
      return check_integer();
    case Kind::floating: {
      const auto size = type_.size();
      if (size == 2 || size == 4 || size == 8 || size == 12 || size == 16) return {};
      return wrong("is of " + std::to_string(size) + " bytes, as no floating-point number");
    }
    case Kind::forward:
      return type_.target() == 0 ? Status{} : wrong("refers to type " + std::to_string(type_.target()));
    case Kind::array:
      if (type_.size() != 0) return wrong("has the size " + std::to_string(type_.size()) + " by itself");
      if (auto failure = check_there("its elements: ", type_.element(), false)) return failure;
      return check_there("its index: ", type_.index_type(), false);
    case Kind::structure:
    case Kind::union_type:
      return check_members();
    case Kind::enumeration:
    case Kind::enumeration_64:
      return check_enumerators();
    case Kind::prototype:
      return check_parameters();
    case Kind::data_section:
      return check_section();
    case Kind::variable:
      if (type_.variable_linkage() > 1)
        return wrong("has the linkage " + std::to_string(type_.variable_linkage()));
      return check_there("", type_.target(), false);
    case Kind::declaration_tag:
      if (type_.component() < -1) return wrong("is of the component " + std::to_string(type_.component()));
      return check_there("", type_.target(), false);
    case Kind::function:
      return check_there("", type_.target(), false);
    default:
      return check_there("", type_.target(), true);
  }
}

Status Form::check_head() {
  if (id_ > last_type) return wrong("the kernel knows no types above " + std::to_string(last_type));
  const auto rules = rules_of(type_.kind());
  if (type_.length() > rules.longest) {
    return wrong(type_.kind() == Kind::function ? "has the linkage " + std::to_string(type_.length())
                                                : "has a length: " + std::to_string(type_.length()));
  }
  if (type_.flag() && !rules.flag) return wrong("has the flag set, which means nothing for its kind");
  return check_name(rules);
}

Status Form::check_name(const KindRules& rules) {
  const auto name = type_.name();
  switch (rules.name) {
    case NameRule::none:
      return name == 0 ? Status{} : wrong("has a name");
    case NameRule::may:
      return check_identifier("", name, false);
    case NameRule::must:
      return check_identifier("", name, true);
    case NameRule::section:
      return is_section_name(btf_, name) ? Status{} : wrong("its name is none of a section");
    case NameRule::text:
      return name > last_name_offset || btf_.string_start(name, 1).empty() ? wrong("has no text") : Status{};
    default:
      return name > last_name_offset ? wrong("its name is beyond 16 MiB of strings") : Status{};
  }
}

Status Form::check_identifier(const std::string& subject, std::uint32_t name, bool needed) {
  if (name == 0) return needed ? wrong(subject + "has no name") : Status{};
  if (name > last_name_offset) return wrong(subject + "its name is beyond 16 MiB of strings");
  return is_identifier(btf_, name) ? Status{} : wrong(subject + "its name is no identifier");
}

Status Form::check_there(const std::string& subject, TypeId target, bool may_be_void) {
  if (target == 0) return may_be_void ? Status{} : wrong(subject + "is void");
  if (target < btf_.count()) return {};
  return wrong(subject + "type " + std::to_string(target) + " is none");
}

Status Form::check_integer() {
  const auto word = type_.words()[3];
  if (word >> 28 != 0) return wrong("its encoding is " + std::to_string(word >> 24) + ", as none");
  const auto encoding = type_.integer_encoding();
  // Signed, char or bool; no kernel takes two of them.
  if (!std::has_single_bit(encoding) && encoding != 0)
    return wrong("its encoding is " + std::to_string(encoding) + ", as none");
  if (encoding == 8) return wrong("its encoding is 8, as none");
  const auto bits = type_.integer_bits() + type_.integer_offset();
  if (bits > 128) return wrong("is of " + std::to_string(bits) + " bits");
  if ((bits + 7) / 8 > type_.size()) {
    return wrong("its " + std::to_string(bits) + " bits do not fit into " + std::to_string(type_.size()) +
                 " bytes");
  }
  return {};
}

Status Form::check_members() {
  std::uint32_t last = 0;
  for (std::uint32_t number = 0; number < type_.length(); ++number) {
    const auto member = type_.member(number);
    const bool good_name = member.name == 0 || is_identifier(btf_, member.name);
    const bool there = member.type != 0 && member.type < btf_.count();
    const bool placed = member.bit_offset >= last &&
                        (type_.kind() != Kind::union_type || member.bit_offset == 0) &&
                        (std::uint64_t{member.bit_offset} + 7) / 8 <= type_.size();
    last = member.bit_offset;
    if (good_name && there && placed) continue;
    const auto subject = numbered("member", number, member.name);
    if (auto failure = check_identifier(subject, member.name, false)) return failure;
    if (auto failure = check_there(subject, member.type, false)) return failure;
    return wrong(subject + "begins at bit " + std::to_string(member.bit_offset) + ", which is " +
                 (type_.kind() == Kind::union_type && member.bit_offset != 0
                      ? "not where a union's members begin"
                  : (std::uint64_t{member.bit_offset} + 7) / 8 > type_.size()
                      ? "outside of its " + std::to_string(type_.size()) + " bytes"
                      : "before the member in front of it"));
  }
  return {};
}

Status Form::check_enumerators() {
  if (type_.size() > 8 || !std::has_single_bit(type_.size()))
    return wrong("is of " + std::to_string(type_.size()) + " bytes, as no enumeration");
  for (std::uint32_t number = 0; number < type_.length(); ++number) {
    const auto name = type_.enumerator(number).name;
    if (name != 0 && is_identifier(btf_, name)) continue;
    return check_identifier(numbered("constant", number, name), name, true);
  }
  return {};
}

Status Form::check_parameters() {
  if (auto failure = check_there("what it returns: ", type_.target(), true)) return failure;
  for (std::uint32_t number = 0; number < type_.length(); ++number) {
    const auto parameter = type_.parameter(number);
    // Void at the end stands for `...`, which has no name.
    const bool last = number + 1 == type_.length();
    const bool good_name = parameter.name == 0 || is_identifier(btf_, parameter.name);
    if (good_name && parameter.type != 0 && parameter.type < btf_.count()) continue;
    const auto subject = numbered("parameter", number, parameter.name);
    if (auto failure = check_identifier(subject, parameter.name, false)) return failure;
    if (auto failure = check_there(subject, parameter.type, last && parameter.name == 0)) return failure;
  }
  return {};
}

Status Form::check_section() {
  if (type_.size() == 0) return wrong("is empty");
  std::uint64_t end = 0;
  for (std::uint32_t number = 0; number < type_.length(); ++number) {
    const auto entry = type_.section_entry(number);
    const auto subject = "variable " + std::to_string(number) + ": ";
    if (auto failure = check_there(subject, entry.variable, false)) return failure;
    if (entry.offset < end || entry.offset >= type_.size()) {
      return wrong(subject + "begins at byte " + std::to_string(entry.offset) +
                   (entry.offset < end ? ", inside of the one in front of it" : ", outside of the section"));
    }
    end = std::uint64_t{entry.offset} + entry.size;
    if (entry.size == 0 || end > type_.size())
      return wrong(subject + "is of " + std::to_string(entry.size) + " bytes, which do not fit");
  }
  return {};
}

}  // namespace

Status check_form(const Btf& btf, TypeId id) { return Form(btf, id).check(); }

}  // namespace ikfs::btf
