/** What is seen of module files, whole and broken. */
#include "module/module_survey.h"

#include <string>
#include <vector>

#include "test/folder.h"
#include "test/module_file.h"
#include "test/runner.h"

namespace ikfs::test {

namespace {

std::string text_of(const ModuleSurvey& survey, const SurveyRecord& record, const SurveyedText& text) {
  return survey.texts[static_cast<std::size_t>(record.text)].substr(static_cast<std::size_t>(text.start),
                                                                    static_cast<std::size_t>(text.size));
}

void expect_inside(const SurveyedRange& range, const SurveyRecord& record) {
  EXPECT(range.offset == -1 || (range.offset >= 0 && range.offset + range.size <= record.size));
}

/** Whatever a file is: what is said of it can be relied on. */
void expect_sound(const ModuleSurvey& survey) {
  for (const auto& record : survey.records) {
    EXPECT(record.state == 0 || record.state == 1 || record.state == 2);
    if (record.state == 2) {
      EXPECT(!text_of(survey, record, record.name).empty() &&
             !text_of(survey, record, record.vermagic).empty());
    }
    expect_inside(record.btf, record);
    expect_inside(record.btf_base, record);
    for (const auto& text : {record.name, record.vermagic}) {
      EXPECT(text.start == -1 ||
             text.start + text.size <= survey.texts[static_cast<std::size_t>(record.text)].size());
    }
  }
}

}  // namespace

TEST("a survey finds the first sections of each name, and what a module calls itself") {
  const Folder folder;
  const auto bytes = module_file();
  const auto survey = survey_modules({folder.write("a.ko", bytes), folder.write("b.ko.xz", "no ELF file"),
                                      (folder.path() / "missing.ko").string()},
                                     true);
  const auto& record = survey.records[0];
  EXPECT_EQUAL(record.state, 0);
  EXPECT_EQUAL(record.size, bytes.size());
  EXPECT_EQUAL(record.machine, 62);
  EXPECT_EQUAL(record.btf.offset, bytes.find('b', 64 + 43));
  EXPECT_EQUAL(record.btf.size, 24);
  EXPECT_EQUAL(record.btf_base.size, 8);
  EXPECT_EQUAL(record.debug_info.size, 5);
  EXPECT_EQUAL(text_of(survey, record, record.name), "made_up");
  EXPECT_EQUAL(text_of(survey, record, record.vermagic), "6.1 SMP ");
  EXPECT_EQUAL(survey.records[1].state, 1);
  EXPECT_EQUAL(survey.records[2].state, 2);
  EXPECT_EQUAL(text_of(survey, survey.records[2], survey.records[2].name), "not-found");
  EXPECT_EQUAL(survey.counts.files, 2U);
  EXPECT_EQUAL(survey.counts.btf_bytes, 24U);
}

TEST("a survey keeps the order of many files, each looked at once") {
  const Folder folder;
  std::vector<std::string> paths;
  for (std::size_t number = 0; number < 500; ++number) {
    const auto name = std::to_string(number);
    paths.push_back(folder.write(name, number % 3 == 0 ? name : module_file() + std::string(number, 'x')));
  }
  const auto survey = survey_modules(paths, false);
  for (std::size_t number = 0; number < paths.size(); ++number) {
    const auto& record = survey.records[number];
    EXPECT_EQUAL(record.state, number % 3 == 0 ? 1 : 0);
    if (record.state == 0) {
      EXPECT_EQUAL(record.size, module_file().size() + number);
      EXPECT_EQUAL(text_of(survey, record, record.vermagic), "6.1 SMP ");
    }
  }
  EXPECT_EQUAL(survey.counts.files, 500U);
}

TEST("a survey of modules that are broken anywhere tells nothing that is not there") {
  const Folder folder;
  const auto whole = module_file();
  std::vector<std::string> paths;
  for (std::size_t at = 0; at < whole.size(); ++at) {
    const auto name = std::to_string(at);
    paths.push_back(folder.write("cut" + name, whole.substr(0, at)));
    auto damaged = whole;
    damaged[at] = static_cast<char>(~damaged[at]);
    paths.push_back(folder.write("damaged" + name, damaged));
  }
  expect_sound(survey_modules(paths, true));
}

}  // namespace ikfs::test
