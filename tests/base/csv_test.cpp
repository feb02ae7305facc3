#include <bloodcell/base/csv.hpp>

#include <rapidcheck.h>

#include <bloodcell/test/support.hpp>

namespace bloodcell {
namespace {

using Row = std::vector<std::string>;

TEST(Csv, ReadsQuotesLineBreaksAndDoubledQuotes) {
  const auto table = parse_csv("a,b\r\n\"x,\"\"y\"\"\",\"1\n2\"\nplain,\n");
  ASSERT_OK(table);
  EXPECT_EQ(table->columns, (Row{"a", "b"}));
  ASSERT_EQ(table->rows.size(), 2U);
  EXPECT_EQ(table->rows[0], (Row{"x,\"y\"", "1\n2"}));
  EXPECT_EQ(table->rows[1], (Row{"plain", ""}));
  EXPECT_EQ(table->lines, (std::vector<std::size_t>{2, 4}));
}

TEST(Csv, SkipsAByteOrderMarkAndEmptyLines) {
  const auto table = parse_csv(
      "\xEF\xBB\xBF"
      "a,b\n\n1,2\n\n");
  ASSERT_OK(table);
  EXPECT_EQ(table->column("a"), 0U);
  EXPECT_EQ(table->rows.size(), 1U);
}

TEST(Csv, NeedsNoLineEndAfterTheLastRow) {
  const auto table = parse_csv("a\n1");
  ASSERT_OK(table);
  EXPECT_EQ(table->rows, std::vector<Row>{{"1"}});
}

TEST(Csv, NamesTheLineOfAWrongRow) {
  const auto longer = parse_csv("a,b\n1,2\n1,2,3\n");
  EXPECT_ERROR(longer, ErrorCode::malformed);
  EXPECT_THAT(longer.error().message, ::testing::HasSubstr("line 3"));
  EXPECT_ERROR(parse_csv("a,b\n1\n"), ErrorCode::malformed);
  EXPECT_ERROR(parse_csv("a,b\n1,\"open\n"), ErrorCode::malformed);
  EXPECT_ERROR(parse_csv(std::string_view("a,b\n1,\0x\n", 9)), ErrorCode::malformed);
  EXPECT_ERROR(parse_csv(""), ErrorCode::malformed);
}

TEST(Csv, WhatIsWrittenIsRead) {
  EXPECT_TRUE(rc::check([] {
    const auto width = *rc::gen::inRange<std::size_t>(2, 5);
    const auto character = rc::gen::elementOf(std::string("ab,\"\n\r ;'\t="));
    const auto field = rc::gen::container<std::string>(character);
    const auto rows = *rc::gen::container<std::vector<Row>>(rc::gen::container<Row>(width, field));
    Row header(width, "h");
    std::string text = csv_row(header);
    for (const auto& row : rows) text += csv_row(row);
    const auto table = parse_csv(text);
    RC_ASSERT(table.has_value());
    RC_ASSERT(table->rows == rows);
  }));
}

}  // namespace
}  // namespace bloodcell
