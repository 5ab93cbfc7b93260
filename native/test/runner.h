#pragma once

#include <stdexcept>
#include <string>
#include <vector>

namespace ikfs::test {

/** Ends a test that has found something else than expected. */
class Unexpected : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/** A test and what it shows, in a sentence. */
struct Test {
  const char* title;
  void (*body)();
};

/** All tests of the program. */
std::vector<Test>& tests();

/** Adds a test before main() runs. */
struct Registration {
  Registration(const char* title, void (*body)()) { tests().push_back({title, body}); }
};

/** Runs all tests, a line each. @returns the status of the program: 1 when one failed */
int run_tests();

[[noreturn]] void unexpected(const char* file, int line, const std::string& what);

template <typename Found, typename Wanted>
void expect_equal(const char* file, int line, const char* text, const Found& found, const Wanted& wanted) {
  if (found == static_cast<Found>(wanted)) return;
  if constexpr (std::is_convertible_v<Found, std::string>) {
    unexpected(file, line, text + (" is \"" + found) + "\" and not \"" + static_cast<Found>(wanted) + "\"");
  } else {
    unexpected(file, line,
               std::string(text) + " is " + std::to_string(found) + " and not " +
                   std::to_string(static_cast<Found>(wanted)));
  }
}

}  // namespace ikfs::test

#define IKFS_JOINED(a, b) a##b
#define IKFS_NUMBERED(name, line) IKFS_JOINED(name, line)

/** A test; its body follows in braces. */
#define TEST(title)                                                             \
  static void IKFS_NUMBERED(test_, __LINE__)();                                 \
  static const ikfs::test::Registration IKFS_NUMBERED(registration_, __LINE__){ \
      title, IKFS_NUMBERED(test_, __LINE__)};                                   \
  static void IKFS_NUMBERED(test_, __LINE__)()

/** Ends the test unless a condition holds. */
#define EXPECT(condition)                                                                      \
  do {                                                                                         \
    if (!(condition)) ikfs::test::unexpected(__FILE__, __LINE__, #condition " does not hold"); \
  } while (false)

/** Ends the test unless a number or text is as wanted. */
#define EXPECT_EQUAL(found, wanted) ikfs::test::expect_equal(__FILE__, __LINE__, #found, found, wanted)
