/*
 * One of each thing that BTF can tell of C: compiled for several machines by ../foreign-types.test.ts. Whatever has
 * a name here and is used must come back from the header that ikfs writes with the same layout.
 */
typedef unsigned char u8;
typedef unsigned short u16;
typedef unsigned int u32;
typedef unsigned long long u64;

/* Types of types. */
typedef u32 first_alias;
typedef const first_alias second_alias;
typedef volatile second_alias third_alias;
struct aliases {
  third_alias value;
  third_alias *pointer;
  const char *const *volatile words;
};

/* Numbers of all sizes, each after something that leaves a gap. */
struct numbers {
  char letter;
  _Bool truth;
  signed char small;
  short number_16;
  u8 gap_1;
  int number_32;
  u8 gap_2;
  long machine_word;
  u8 gap_3;
  long long number_64;
  u8 gap_4;
  float real_32;
  u8 gap_5;
  double real_64;
  u8 end;
};

/* Pointers take 4 bytes or 8. */
struct pointers {
  u8 gap;
  void *first;
  u16 between;
  struct pointers *next, **previous;
  unsigned long word;
};

/* Bit fields: the first lies at the most significant bits of a big-endian machine. */
struct bits {
  u32 three : 3;
  u32 seven : 7;
  int signed_11 : 11;
  u64 forty : 40;
  _Bool one : 1;
  u32 behind;
};
struct units {
  u8 low : 4, high : 4;
  u16 across : 12;
  u32 : 0;
  u32 after_zero : 5;
  u32 : 9;
  u32 after_unnamed : 18;
  u32 next_unit : 31;
  u64 wide : 63;
  u64 last : 1;
};
/* The last begins at its own unit, which not all machines of 32 bits align alike. */
struct wide_bits {
  u32 first : 20, second : 12;
  u64 third : 45;
};
struct bits_between_bytes {
  u8 before;
  u32 few : 6;
  u8 middle;
  u16 nine : 9;
  u8 *pointer;
  u64 tail : 33;
};
struct whole_unit {
  u32 all : 32;
  u16 half : 16;
  u64 whole : 64;
};
struct packed_bits {
  u8 before;
  u32 five : 5;
  u64 fifty : 50;
  u16 ten : 10;
  u32 behind;
} __attribute__((packed));
union either_bits {
  u32 word;
  struct {
    u32 low : 9;
    u32 high : 23;
  };
  u64 long_bits : 37;
};

/* Enumerations of 1, 2, 4 and 8 bytes, and in a bit field. */
enum byte { BYTE_NONE, BYTE_MOST = 255 } __attribute__((packed));
enum half { HALF_LEAST = -300, HALF_MOST = 300 } __attribute__((packed));
enum word { WORD_LEAST = -5, WORD_MOST = 0x7fffffff };
#ifdef __bpf__
/* clang 14 tells BPF's BTF 32 bits of a constant. */
enum wide { WIDE_LOW = 1, WIDE_HIGH = 2 } __attribute__((mode(DI)));
enum negative_wide { NEGATIVE_WIDE = 3 } __attribute__((mode(DI)));
#else
enum wide { WIDE_LOW = 1, WIDE_HIGH = 0x123456789all };
enum negative_wide { NEGATIVE_WIDE = -0x123456789all };
#endif
struct enumerations {
  enum byte byte;
  enum half half;
  enum byte byte_again;
  enum word word;
  u8 gap;
  enum wide wide;
  enum negative_wide negative_wide;
  enum word in_bits : 9;
  enum { UNNAMED_ONE = 1, UNNAMED_TWO } unnamed;
};

/* Functions. */
struct declared_only;
union declared_only_too;
typedef int (*handler)(struct declared_only *, const union declared_only_too *, ...);
struct functions {
  void (*nothing)(void);
  handler handle;
  handler table[4];
  int (*(*gives_function)(u8))(struct functions *, u64);
  void (*takes_function)(int (*compare)(const void *, const void *), int (*rows)[3]);
};

/* Arrays. */
struct arrays {
  u8 bytes[3];
  u16 grid[2][5];
  struct bits units[2];
  char *names[3];
  u64 none[0];
};
struct flexible {
  u16 count;
  struct pointers items[];
};

/* Packed and aligned. */
struct packed {
  u8 first;
  u64 unaligned;
  void *pointer;
  u16 last;
} __attribute__((packed));
struct packed_inside {
  u8 before;
  struct packed inner[2];
  u32 behind;
};
struct aligned {
  u8 first;
  u32 on_line __attribute__((aligned(64)));
  u8 last;
};
struct aligned_whole {
  u16 only;
} __attribute__((aligned(16)));
struct holds_aligned {
  u8 before;
  struct aligned_whole inner;
  u8 behind;
};

/* Unions, and structs without a name in each other. */
union value {
  u64 number;
  double real;
  void *pointer;
  u8 bytes[13];
};
union packed_value {
  u32 number;
  u8 bytes[7];
} __attribute__((packed));
struct nested {
  u8 kind;
  union {
    union value value;
    struct {
      u16 low;
      struct {
        u8 deep;
        u32 deepest;
      } named;
    };
  };
  struct nested *parent;
  struct later *later;
};
struct later {
  struct nested first;
  union packed_value second;
  u8 end;
};

/* clang tells BTF only of what functions take. */
#define USE(type, name) \
  int use_##name(type *given) { return !given; }
USE(struct aliases, aliases)
USE(struct numbers, numbers)
USE(struct pointers, pointers)
USE(struct bits, bits)
USE(struct units, units)
USE(struct wide_bits, wide_bits)
USE(struct bits_between_bytes, bits_between_bytes)
USE(struct whole_unit, whole_unit)
USE(struct packed_bits, packed_bits)
USE(union either_bits, either_bits)
USE(struct enumerations, enumerations)
USE(struct functions, functions)
USE(struct arrays, arrays)
USE(struct flexible, flexible)
USE(struct packed, packed)
USE(struct packed_inside, packed_inside)
USE(struct aligned, aligned)
USE(struct holds_aligned, holds_aligned)
USE(struct nested, nested)
USE(struct later, later)
