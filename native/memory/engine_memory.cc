#include "memory/engine_memory.h"

#include <dlfcn.h>

namespace ikfs {

namespace {

/** v8::Isolate, of which nothing is known here. */
struct Isolate;

/** A function of the running program by its name in the symbol table, or null. */
template <typename Function>
Function* find_function(const char* name) {
  return reinterpret_cast<Function*>(dlsym(RTLD_DEFAULT, name));
}

}  // namespace

bool collect_all_garbage() {
  // static Isolate* v8::Isolate::GetCurrent(); void v8::Isolate::LowMemoryNotification(). A member function
  // takes its object as first argument in the C++ ABI of every Linux (Itanium C++ ABI, 3.1).
  auto* const current = find_function<Isolate*()>("_ZN2v87Isolate10GetCurrentEv");
  auto* const notify = find_function<void(Isolate*)>("_ZN2v87Isolate21LowMemoryNotificationEv");
  if (current == nullptr || notify == nullptr) return false;
  Isolate* const isolate = current();
  if (isolate == nullptr) return false;
  notify(isolate);
  return true;
}

}  // namespace ikfs
