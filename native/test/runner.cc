#include "test/runner.h"

#include <cstdio>

namespace ikfs::test {

std::vector<Test>& tests() {
  static std::vector<Test> all;
  return all;
}

void unexpected(const char* file, int line, const std::string& what) {
  throw Unexpected(std::string(file) + ":" + std::to_string(line) + ": " + what);
}

int run_tests() {
  int failed = 0;
  for (const auto& test : tests()) {
    try {
      test.body();
      std::printf("ok      %s\n", test.title);
    } catch (const std::exception& error) {
      ++failed;
      std::printf("FAILED  %s\n        %s\n", test.title, error.what());
    }
    std::fflush(stdout);
  }
  std::printf("%zu tests, %d failed\n", tests().size(), failed);
  return failed == 0 ? 0 : 1;
}

}  // namespace ikfs::test
