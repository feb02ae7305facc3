#include <bloodcell/predict/resumable_output.hpp>

#include <bloodcell/base/files.hpp>
#include <bloodcell/test/support.hpp>

namespace bloodcell::predict {
namespace {

namespace fs = std::filesystem;
using bloodcell::test::TemporaryFolder;
const std::vector<std::string> kLabels{"lymphocyte", "neutrophil"};

// Two cells in each second file; names that CSV quotes and JSON cannot hold.
Inputs inputs_of(int count) {
  Inputs inputs;
  for (int i = 0; i < count; ++i) inputs.files.emplace_back(fmt::format("a \"{}\",\n\xff.jpg", i));
  inputs.problems.push_back({ErrorCode::not_found, "no such file", "gone.jpg", ""});
  return inputs;
}

std::vector<Row> rows_of(const std::string& file, bool two) {
  Row row;
  row.file = file;
  row.message = "said in\ntwo lines, with \"quotes\"";
  row.class_index = 1;
  row.confidence = 0.75;
  row.probabilities = {0.25, 0.75};
  std::vector<Row> rows{row};
  if (two) {
    rows.push_back(row);
    rows.back().cell = 1;
  }
  return rows;
}

void write(RowWriter& writer, const Inputs& inputs, const Inputs& all) {
  const std::size_t before = all.files.size() - inputs.files.size();
  for (std::size_t i = 0; i < inputs.files.size(); ++i) {
    for (const auto& row : rows_of(inputs.files[i].string(), (before + i) % 2 == 1)) {
      writer.row(row);
    }
  }
  for (const auto& problem : inputs.problems) {
    Row row;
    row.file = problem.path;
    row.status = Status::error;
    row.message = problem.message;
    writer.row(row);
  }
  writer.end({});
}

Result<void> go_on(const fs::path& output, OutputFormat format, const Inputs& inputs) {
  BC_ASSIGN(auto file, ResumableOutput::open(output, format, inputs, kLabels));
  write(*file.writer(), file.remaining(inputs), inputs);
  return file.commit();
}

class Resuming : public testing::TestWithParam<OutputFormat> {
 protected:
  TemporaryFolder folder_;
  fs::path output_ = folder_ / "new" / "cells.csv";
  fs::path part_ = folder_ / "new" / "cells.csv.part";
  Inputs inputs_ = inputs_of(5);
};

// A kill may leave any number of bytes.
TEST_P(Resuming, FromAnyByteGivesTheSameFile) {
  inputs_ = inputs_of(2);
  ASSERT_OK(go_on(output_, GetParam(), inputs_));
  const Bytes whole = read_file(output_, 1 << 20).value();
  for (std::size_t kept = 0; kept <= whole.size(); kept += 7) {
    fs::remove(output_);
    ASSERT_OK(write_file(part_, std::span(whole).first(kept)));
    ASSERT_OK(go_on(output_, GetParam(), inputs_)) << kept;
    ASSERT_EQ(read_file(output_, 1 << 20).value(), whole) << kept;
  }
}

TEST_P(Resuming, SaysHowMuchWasDone) {
  ASSERT_OK(go_on(output_, GetParam(), inputs_));
  fs::rename(output_, part_);
  const auto file = ResumableOutput::open(output_, GetParam(), inputs_, kLabels);
  ASSERT_OK(file);
  EXPECT_EQ(file->done(), 5U);  // the last may have had more rows
  EXPECT_EQ(file->errors(), 0U);
  EXPECT_TRUE(file->remaining(inputs_).files.empty());
  EXPECT_EQ(file->remaining(inputs_).problems.size(), 1U);
}

TEST_P(Resuming, RefusesRowsOfOtherInputs) {
  ASSERT_OK(go_on(output_, GetParam(), inputs_));
  EXPECT_EQ(errors_of_finished(output_, GetParam(), inputs_, kLabels), 1U);
  Inputs more = inputs_;
  more.files.emplace_back("new.jpg");
  EXPECT_ERROR(errors_of_finished(output_, GetParam(), more, kLabels), ErrorCode::mismatch);
  fs::rename(output_, part_);
  Inputs others = inputs_;
  others.files.erase(others.files.begin());
  EXPECT_ERROR(ResumableOutput::open(output_, GetParam(), others, kLabels), ErrorCode::mismatch);
  Inputs fewer = inputs_;
  fewer.problems.clear();
  EXPECT_ERROR(ResumableOutput::open(output_, GetParam(), fewer, kLabels), ErrorCode::mismatch);
}

TEST_P(Resuming, OneProcessAtATime) {
  const auto first = ResumableOutput::open(output_, GetParam(), inputs_, kLabels);
  ASSERT_OK(first);
  EXPECT_ERROR(ResumableOutput::open(output_, GetParam(), inputs_, kLabels), ErrorCode::usage);
}

TEST_P(Resuming, SaysThatItCannotWrite) {
  ASSERT_OK(write_text(folder_ / "new", "a file in the way"));
  EXPECT_ERROR(ResumableOutput::open(output_, GetParam(), inputs_, kLabels), ErrorCode::unreadable);
}

INSTANTIATE_TEST_SUITE_P(Formats, Resuming,
                         testing::Values(OutputFormat::csv, OutputFormat::jsonl));

TEST_P(Resuming, RefusesOtherClasses) {
  ASSERT_OK(go_on(output_, GetParam(), inputs_));
  fs::rename(output_, part_);
  EXPECT_ERROR(ResumableOutput::open(output_, GetParam(), inputs_, {"other"}), ErrorCode::mismatch);
}

TEST(ResumingOther, FormatsCannotBeContinued) {
  const TemporaryFolder folder;
  EXPECT_ERROR(ResumableOutput::open(folder / "a.json", OutputFormat::json, {}, kLabels),
               ErrorCode::usage);
}

}  // namespace
}  // namespace bloodcell::predict
