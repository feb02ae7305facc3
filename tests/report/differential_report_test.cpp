#include <bloodcell/report/differential_report.hpp>

#include <bloodcell/test/support.hpp>

namespace bloodcell::report {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

CountedPatient patient(const differential::Settings& settings = {}) {
  CountedPatient counted;
  counted.name = "<case 7>";
  counted.model = "test";
  counted.ranges_source = "a handbook";
  counted.count = *differential::differentiate(
      {{"erythroblast", "lymphocyte", "neutrophil"}, {2, 20, 30}, 3, 4}, settings);
  counted.gallery = {{"lymphocyte", "1.png, 99 %", image::Image(8, 8)},
                     {"unidentified", "2.png, out of focus", image::Image(8, 8)}};
  return counted;
}

TEST(DifferentialReport, SaysCountsIntervalsWarningAndLabel) {
  const auto page = page_of(patient());
  ASSERT_OK(page);
  EXPECT_THAT(*page, HasSubstr("For research use only"));
  EXPECT_THAT(*page, HasSubstr("Only 50 white cells"));
  EXPECT_THAT(*page, HasSubstr("60.0"));
  EXPECT_THAT(*page, HasSubstr("4.0</td>"));  // erythroblasts per 100 white cells
  EXPECT_THAT(*page, HasSubstr("out of focus"));
  EXPECT_THAT(*page, Not(HasSubstr("<case 7>")));
  EXPECT_THAT(*page, Not(HasSubstr("Reference")));
}

TEST(DifferentialReport, NamesTheSourceOfItsRanges) {
  differential::Settings settings;
  settings.ranges = {{"lymphocyte", 60, 80}};
  const auto page = page_of(patient(settings));
  ASSERT_OK(page);
  EXPECT_THAT(*page, HasSubstr("a handbook"));
  EXPECT_THAT(*page, HasSubstr("60 – 80"));
  EXPECT_THAT(*page, HasSubstr(">below<"));
}

TEST(DifferentialReport, PdfIsTheSameForTheSameCount) {
  auto counted = patient();
  counted.name = "Größe – 検査";
  for (int i = 0; i < 60; ++i) {
    counted.gallery.push_back(
        {"neutrophil", fmt::format("a-rather-long-name-{}.png, 98 %", i), image::Image(20, 30)});
  }
  const auto pdf = pdf_of(counted);
  ASSERT_OK(pdf);
  const std::string text(reinterpret_cast<const char*>(pdf->data()), pdf->size());
  EXPECT_TRUE(text.starts_with("%PDF-1."));
  EXPECT_NE(text.find("%%EOF"), std::string::npos);
  EXPECT_NE(text.find("/Count 3"), std::string::npos);  // pages
  EXPECT_EQ(*pdf_of(counted), *pdf);
}

TEST(DifferentialReport, JsonHoldsTheNoticeAndTheFigures) {
  const auto document = to_json(patient());
  EXPECT_EQ(document["notice"], kResearchUse);
  EXPECT_EQ(document["white_cells"], 50);
  EXPECT_EQ(document["classes"][1]["share"], 0.6);
  EXPECT_EQ(document["others"][0]["per_100_white_cells"], 4);
}

}  // namespace
}  // namespace bloodcell::report
