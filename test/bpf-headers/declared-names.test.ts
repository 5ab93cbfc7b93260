import test from 'ava';
import { Macros } from './c-macros.ts';
import { headerTokens } from './c-tokens.ts';
import { declaredNames } from './declared-names.ts';

/** What C text declares; the macros of another header come with it. */
function declared(text: string, macros = ''): string {
  const known = new Macros();
  known.addHeader('include/linux/macros.h', headerTokens(macros));
  known.addHeader('include/linux/own.h', headerTokens(text));
  const { tags, typedefs, enums } = declaredNames('include/linux/own.h', headerTokens(text), known);
  return [tags, typedefs, enums].map((names) => [...names].join(' ')).join(' | ');
}

test('declaredNames: tags with a body, at any depth of members', (t) => {
  t.is(
    declared('struct a { struct b { int c; } d; union { struct e { int f; }; }; enum g { H } i; };'),
    'b e g a |  | ',
  );
  t.is(declared('struct a; extern struct b *c; struct d e; enum f; union g *h(struct i *);'), ' |  | ');
});

test('declaredNames: an empty body says nothing', (t) => {
  t.is(declared('struct a { };\nstruct b {\n#ifdef X\nint c;\n#endif\n};'), 'b |  | ');
  t.is(declared('union a {\n#include "members.h"\n};'), 'a |  | ');
});

test('declaredNames: all shapes of typedefs', (t) => {
  const text = `
    typedef unsigned long long a;
    typedef struct b c, *d;
    typedef struct { int x; } e;
    typedef int (*f)(int, void (*)(int)), g[8];
    typedef void h(struct i *);
    typedef void (j)(int *);
    typedef int (*k)[4];
    typedef int (*(*l)(int))(void);
    typedef u32 __attribute__((aligned(4))) m __attribute__((x));
    typedef enum { N } o;`;
  t.is(declared(text), ' | a c d e f g h j k l m o | N');
});

test('declaredNames: macros that only add attributes are no names', (t) => {
  const macros = `
    #define __packed __attribute__((__packed__))
    #define __bitwise
    #define __aligned(x) __attribute__((aligned(x)))
    #define __tight __packed __aligned(1)`;
  const text = `
    struct __packed a { int x; };
    struct b { int x; } __packed __aligned(8);
    struct c __aligned(8) { int x; };
    typedef u32 __bitwise d;
    typedef struct { int x; } e __tight;
    typedef u64 f __aligned(8);`;
  t.is(declared(text, macros), 'a b c | d e f | ');
});

test('declaredNames: what functions, initializers and arguments contain is nobody else’s', (t) => {
  const text = `
    static inline struct a b(struct c *d) { struct e { int x; } f; typedef int g; enum { H }; return f; }
    static inline enum i i(void) { if (1) { struct j { int x; }; } return 0; }
    static const struct k l[] = { { 1 }, { 2 } };
    #define M(x) ({ struct n { int y; } o; o; })
    struct p { int x; };`;
  t.is(declared(text), 'p |  | ');
});

test('declaredNames: all branches count, but those that the kernel never sees', (t) => {
  const text = `
    #ifdef __cplusplus
    extern "C" {
    struct cplusplus { int x; };
    #endif
    #ifndef __ASSEMBLY__
    #ifdef A
    struct a { int x;
    #elif defined(B)
    struct b { int x;
    #else
    struct c { int x;
    #endif
    };
    #else
    struct assembly { int x; };
    #endif
    #ifndef __KERNEL__
    struct user { int x; };
    #else
    struct d { int x; };
    #endif
    #if 0
    struct never { int x; };
    #endif
    #ifdef __cplusplus
    }
    #endif
    typedef
    #ifdef C
      int
    #else
      long
    #endif
      e;
    extern "C" { struct f { int x; }; }`;
  t.is(declared(text), 'a b c d f | e | ');
});

test('declaredNames: types that macros declare belong to the header that uses them', (t) => {
  const macros = `
    #define __tag(TAG) TAG
    #define __group(TAG, NAME, ATTRS, MEMBERS...) \\
      union { struct { MEMBERS } ATTRS; struct __tag(TAG) { MEMBERS } ATTRS NAME; } ATTRS
    #define group_tagged(TAG, NAME, MEMBERS...) __group(TAG, NAME, /* none */, MEMBERS)
    #define CLASS(_name, _type) typedef _type class_##_name##_t; static inline void class_##_name(void) { }
    #define GUARD(_name, _type) CLASS(_name, _type)
    #define BITMAP(name, bits) unsigned long name[(bits) / 64]
    #define HANDLE(name) typedef struct name *handle_##name
    #define MEMBERS(type) { type *x; }
    #define LOCKED(lock) typedef struct counted_##lock { int x; } counted_##lock##_t;`;
  const text = `
    struct a { group_tagged(b, list, struct a *next; struct a *prev; ); };
    GUARD(mutex, struct mutex *)
    LOCKED(spinlock)
    HANDLE(page);
    struct e MEMBERS(int);
    typedef BITMAP(c, 64);
    struct d { int x; };`;
  t.is(
    declared(text, macros),
    'b a counted_spinlock e d | class_mutex_t counted_spinlock_t handle_page c | ',
  );
});

test('declaredNames: comments, strings and continued lines do not matter', (t) => {
  const text = `
    /* struct a { int x; }; */ // struct b { int x; };
    #define C struct c { \\
      int x; }
    static const char *d = "struct e { /* ";
    struct /* f */ g \\
    { int x; };`;
  t.is(declared(text), 'g |  | ');
});
