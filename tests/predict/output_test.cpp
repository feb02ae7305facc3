#include <bloodcell/predict/output.hpp>

#include <sstream>

#include <nlohmann/json.hpp>

#include <bloodcell/base/csv.hpp>
#include <bloodcell/test/support.hpp>

namespace bloodcell::predict {
namespace {

const std::vector<std::string> kLabels{"eosinophil", "neutrophil"};

std::vector<Row> example_rows() {
  Row good{"cells/1.jpg", 0, {0, 0, 320, 240}, Status::ok, "", 1, 0.75, {0.25, 0.75}};
  Row unsure{"cells/2, old.jpg",
             0,
             {0, 0, 10, 20},
             Status::unidentified,
             "confidence 0.55 is under 0.60",
             0,
             0.55,
             {0.55, 0.45}};
  Row bad;
  bad.file = "cells/3.jpg";
  bad.status = Status::error;
  bad.message = "ends early: the picture is not whole; copy it again";
  Row none;
  none.file = "cells/4.jpg";
  none.box = {0, 0, 5, 6};
  none.status = Status::no_cell;
  return {good, unsure, bad, none};
}

std::string written(OutputFormat format, const std::vector<Row>& rows, int width = 80,
                    bool colour = false) {
  std::ostringstream out;
  const auto writer = make_writer(format, out, kLabels, width, colour);
  for (const auto& row : rows) writer->row(row);
  writer->end({rows.size(), 2, 1, 1, 0, {}});
  return out.str();
}

TEST(CsvOutput, KeepsItsContract) {
  EXPECT_EQ(written(OutputFormat::csv, example_rows()),
            "file,cell,x,y,width,height,class,confidence,status,message,eosinophil,neutrophil\n"
            "cells/1.jpg,0,0,0,320,240,neutrophil,0.750000,ok,,0.250000,0.750000\n"
            "\"cells/2, old.jpg\",0,0,0,10,20,eosinophil,0.550000,unidentified,confidence 0.55 is "
            "under 0.60,0.550000,0.450000\n"
            "cells/3.jpg,0,,,,,,,error,ends early: the picture is not whole; copy it again,,\n"
            "cells/4.jpg,0,0,0,5,6,,,no_cell,,,\n");
}

TEST(JsonOutput, NamesTheSetWhereOneIsStated) {
  Row row = example_rows()[0];
  EXPECT_THAT(written(OutputFormat::jsonl, {row}), ::testing::Not(::testing::HasSubstr("\"set\"")));
  row.set = {1, 0};
  EXPECT_THAT(written(OutputFormat::jsonl, {row}),
              ::testing::HasSubstr(R"("set":["neutrophil","eosinophil"])"));
}

TEST(JsonOutput, SaysHowUnfamiliarACellIsWhereThatWasMeasured) {
  Row row = example_rows()[0];
  EXPECT_THAT(written(OutputFormat::jsonl, {row}), ::testing::Not(::testing::HasSubstr("unfam")));
  EXPECT_THAT(written(OutputFormat::jsonl, {row}), ::testing::Not(::testing::HasSubstr("twice")));
  row.unfamiliarity = 1.5;
  row.other_thing = 0.25;
  row.is_read_twice = true;
  const auto line = written(OutputFormat::jsonl, {row});
  EXPECT_THAT(line, ::testing::HasSubstr(R"("unfamiliarity":1.5)"));
  EXPECT_THAT(line, ::testing::HasSubstr(R"("other_thing":0.25)"));
  EXPECT_THAT(line, ::testing::HasSubstr(R"("read_twice":true)"));
}

TEST(CsvOutput, SurvivesAnyFileName) {
  Row row = example_rows()[0];
  row.file = "a\"b\nc,\xff.jpg";
  const auto table = parse_csv(written(OutputFormat::csv, {row}));
  ASSERT_OK(table);
  EXPECT_EQ(table->rows.at(0).at(0), row.file);
}

TEST(JsonOutput, IsOneDocument) {
  const auto json = nlohmann::json::parse(written(OutputFormat::json, example_rows()));
  EXPECT_EQ(json["labels"], kLabels);
  ASSERT_EQ(json["rows"].size(), 4U);
  EXPECT_EQ(json["rows"][0]["class"], "neutrophil");
  EXPECT_EQ(json["rows"][0]["probabilities"]["eosinophil"], 0.25);
  EXPECT_EQ(json["rows"][0]["box"]["width"], 320);
  EXPECT_EQ(json["rows"][2]["status"], "error");
  EXPECT_FALSE(json["rows"][2].contains("class"));
  EXPECT_EQ(json["totals"]["errors"], 1);
  EXPECT_EQ(nlohmann::json::parse(written(OutputFormat::json, {}))["rows"].size(), 0U);
}

TEST(JsonLinesOutput, IsOneDocumentALine) {
  std::istringstream lines(written(OutputFormat::jsonl, example_rows()));
  int count = 0;
  for (std::string line; std::getline(lines, line); ++count) {
    EXPECT_TRUE(nlohmann::json::parse(line).contains("file"));
  }
  EXPECT_EQ(count, 4);
}

TEST(JsonOutput, ReplacesBytesThatAreNoUtf8) {
  Row row = example_rows()[0];
  row.file = "\xff\xfe.jpg";
  const auto json = nlohmann::json::parse(written(OutputFormat::json, {row}));
  EXPECT_EQ(json["rows"][0]["file"], "\uFFFD\uFFFD.jpg");
}

TEST(TableOutput, FitsItsWidthAndCountsAtTheEnd) {
  auto rows = example_rows();
  rows[0].file = std::string(200, 'a') + "/end.jpg";
  const std::string text = written(OutputFormat::table, rows, 80);
  EXPECT_THAT(text, ::testing::HasSubstr("end.jpg"));
  EXPECT_THAT(text, ::testing::HasSubstr("…"));
  EXPECT_THAT(text, ::testing::HasSubstr("75.0 %"));
  EXPECT_THAT(text, ::testing::HasSubstr("2 cells: 1 neutrophil, 1 unidentified"));
  EXPECT_THAT(text, ::testing::HasSubstr("1 input could not be read"));
  std::istringstream lines(text);
  std::string first_row;
  std::getline(lines, first_row);
  std::getline(lines, first_row);
  const auto columns = std::count_if(first_row.begin(), first_row.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xC0) != 0x80;
  });
  EXPECT_LE(columns, 80);
}

TEST(TableOutput, ShowsNothingATerminalWouldActOn) {
  Row row = example_rows()[0];
  row.file = "a\x1b[31m\n\x07\xc2\x9b.jpg";
  const std::string text = written(OutputFormat::table, {row});
  EXPECT_EQ(text.find('\x1b'), std::string::npos);
  EXPECT_EQ(text.find('\x07'), std::string::npos);
  EXPECT_EQ(text.find("\xc2\x9b"), std::string::npos);
}

TEST(TableOutput, IsColouredOnlyWhenAsked) {
  EXPECT_EQ(written(OutputFormat::table, example_rows(), 80, false).find("\x1b["),
            std::string::npos);
  EXPECT_NE(written(OutputFormat::table, example_rows(), 80, true).find("\x1b["),
            std::string::npos);
}

}  // namespace
}  // namespace bloodcell::predict
