/* What a module adds to types.c: compiled with it, and made into BTF that is split on its BTF. */
#include "types.c"

enum module_mode { MODULE_OFF, MODULE_ON } __attribute__((packed));
struct module_only {
  enum module_mode mode;
  u32 flags : 5, rest : 27;
  struct later later;
  struct bits *bits;
  struct module_private {
    struct module_only *owner;
    handler handle;
    union value values[2];
  } private;
};
USE(struct module_only, module_only)
