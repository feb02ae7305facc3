#include <string>
#include <utility>
#include <vector>

#include <rapidcheck.h>
#include <nlohmann/json.hpp>

#include "small_sets.hpp"

namespace bloodcell::data {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;

bool same(const Split& a, const Split& b) {
  const auto all = [](const SplitEntry& e) {
    return std::tie(e.file, e.label, e.family, e.sha256, e.part);
  };
  return a.seed == b.seed && a.method == b.method && a.has_families == b.has_families &&
         a.labels == b.labels &&
         std::equal(a.entries.begin(), a.entries.end(), b.entries.begin(), b.entries.end(),
                    [&](const auto& x, const auto& y) { return all(x) == all(y); });
}

Split small_split() {
  Split split;
  split.seed = 18446744073709551615ULL;
  split.method = "by family";
  split.has_families = true;
  split.labels = {"ig", "monocyte"};
  split.entries = {{"a \"b\".png", "ig", "f,1", std::string(64, 'a'), "train"},
                   {"b/c.png", "monocyte", "f\\2", std::string(64, '0'), "fold17"},
                   {"\xC3\xA9.png", "ig", "f3", std::string(64, 'f'), "unused"}};
  return split;
}

TEST(SplitFile, RoundTripKeepsEverything) {
  const auto read = split_from_json_text(to_json_text(small_split()));
  ASSERT_OK(read);
  EXPECT_TRUE(same(*read, small_split()));
}

TEST(SplitFile, RoundTripHoldsForAnyNames) {
  ASSERT_TRUE(rc::check([] {
    Split split = small_split();
    split.seed = *rc::gen::arbitrary<std::uint64_t>();
    split.has_families = *rc::gen::arbitrary<bool>();
    const auto letter = rc::gen::inRange<char>(' ', '~');
    for (auto& entry : split.entries) {
      entry.family = *rc::gen::nonEmpty(rc::gen::container<std::string>(letter));
      entry.part = *rc::gen::element<std::string>("train", "validation", "test", "unused", "fold0");
    }
    const auto read = split_from_json_text(to_json_text(split));
    RC_ASSERT(read.has_value());
    RC_ASSERT(same(*read, split));
  }));
}

TEST(SplitFile, OneLineAnEntry) {
  const std::string text = to_json_text(small_split());
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 6 + 3 + 1);
}

TEST(SplitFile, ANameThatIsNotUtf8DoesNotThrow) {
  Split split = small_split();
  split.entries[0].family = "\xFF";
  EXPECT_FALSE(to_json_text(split).empty());
}

TEST(SplitFile, AnotherFormatIsUnsupported) {
  json object = json::parse(to_json_text(small_split()));
  object["format"] = 2;
  EXPECT_ERROR(split_from_json_text(object.dump()), ErrorCode::unsupported);
  object["format"] = "1";
  EXPECT_ERROR(split_from_json_text(object.dump()), ErrorCode::unsupported);
}

TEST(SplitFile, AnythingMissingWrongOrExtraIsMalformed) {
  const json good = json::parse(to_json_text(small_split()));
  const std::vector<std::pair<std::string, json>> changes{
      {"/seed", -1},
      {"/seed", 1.5},
      {"/seed", "7"},
      {"/method", "by luck"},
      {"/has_families", 1},
      {"/labels", json::array()},
      {"/labels", {"ig", "ig"}},
      {"/labels", {"ig"}},
      {"/labels", "ig"},
      {"/entries", json::array()},
      {"/entries", json::object()},
      {"/extra", 1},
      {"/entries/0", 3},
      {"/entries/0/file", "../a.png"},
      {"/entries/0/file", "/a.png"},
      {"/entries/0/file", "./a.png"},
      {"/entries/0/file", ""},
      {"/entries/0/file", "zz.png"},
      {"/entries/1/file", "a \"b\".png"},
      {"/entries/0/label", "smudge"},
      {"/entries/0/label", nullptr},
      {"/entries/0/family", ""},
      {"/entries/0/family", "a\nb"},
      {"/entries/0/sha256", std::string(63, 'a')},
      {"/entries/0/sha256", std::string(64, 'A')},
      {"/entries/0/part", "trian"},
      {"/entries/0/part", "fold"},
      {"/entries/0/part", "fold01"},
      {"/entries/0/part", "fold1000"},
      {"/entries/0/extra", 1},
  };
  for (const auto& [place, value] : changes) {
    json bad = good;
    bad[json::json_pointer(place)] = value;
    if (place == "/entries/1/file") bad["/entries/1/label"_json_pointer] = "ig";
    const auto read = split_from_json_text(bad.dump());
    ASSERT_FALSE(read.has_value()) << place << " = " << value;
    EXPECT_EQ(read.error().code, ErrorCode::malformed) << place;
    EXPECT_THAT(read.error().message, HasSubstr("split")) << place;
  }
  for (const auto& field : {"format", "seed", "method", "has_families", "labels", "entries"}) {
    json bad = good;
    bad.erase(field);
    EXPECT_ERROR(split_from_json_text(bad.dump()), ErrorCode::malformed);
  }
  for (const auto* text : {"", "[]", "null", "{", "{\"format\": 1", "\xFF"}) {
    EXPECT_ERROR(split_from_json_text(text), ErrorCode::malformed);
  }
}

TEST(SplitFile, DeepNestingIsMalformedAndDoesNotOverflow) {
  EXPECT_ERROR(split_from_json_text(std::string(200'000, '[')), ErrorCode::malformed);
}

TEST(SplitFile, IsLoadedFromDiskWithinTheLimit) {
  const test::TemporaryFolder folder;
  ASSERT_OK(write_text(folder / "split.json", to_json_text(small_split())));
  Limits limits;
  const auto read = load_split(folder / "split.json", limits);
  ASSERT_OK(read);
  EXPECT_TRUE(same(*read, small_split()));
  limits.max_json_bytes = 10;
  EXPECT_ERROR(load_split(folder / "split.json", limits), ErrorCode::limit_exceeded);
  EXPECT_ERROR(load_split(folder / "none.json", limits), ErrorCode::not_found);
  ASSERT_OK(write_text(folder / "bad.json", "{}"));
  const auto bad = load_split(folder / "bad.json", Limits{});
  EXPECT_ERROR(bad, ErrorCode::malformed);
  EXPECT_THAT(bad.error().path, HasSubstr("bad.json"));
}

}  // namespace
}  // namespace bloodcell::data
