#include <bloodcell/fetch/registry.hpp>

#include <zip.h>

#include <bloodcell/base/files.hpp>
#include <bloodcell/base/hash.hpp>
#include <bloodcell/test/http_server.hpp>
#include <bloodcell/test/support.hpp>

namespace bloodcell::fetch {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

const std::string kHex(64, 'a');

std::string registry_with(const std::string& files) {
  return R"({"format": 1, "entries": [{"name": "cells", "what": "some cells", "licence": "CC0",
    "citation": "Nobody 2020", "page": "https://example.org", "files": [)" +
         files + "]}]}";
}

std::string refusal(const std::string& text) {
  const auto read = registry_from_json_text(text);
  return read ? "taken" : to_text(read.error());
}

TEST(Registry, ReadsAnEntry) {
  const auto registry = registry_from_json_text(
      R"({"format": 1, "entries": [{"name": "cells", "what": "some cells", "licence": "CC0",
      "citation": "Nobody 2020", "page": "https://example.org", "base": "https://example.org/v1/",
      "next": "bloodcell data report cells", "files": [
        {"file": "./a/1.png", "bytes": 12, "sha256": ")" +
      kHex + R"("},
        {"file": "b.zip", "url": "https://example.com/b.zip?x=1", "unpack": "b",
         "md5": "900150983cd24fb0d6963f7d28e17f72"}]}]})");
  ASSERT_OK(registry);
  const auto entry = find_entry(*registry, "cells");
  ASSERT_OK(entry);
  EXPECT_EQ(entry->known_bytes(), 12U);
  EXPECT_EQ(entry->files[0].file, "a/1.png");
  EXPECT_EQ(entry->files[0].url, "https://example.org/v1/./a/1.png");
  EXPECT_EQ(entry->files[1].checksum.digest, Digest::md5);
  EXPECT_EQ(entry->files[1].unpack, "b");
  EXPECT_THAT(to_text(find_entry(*registry, "sells").error()), HasSubstr("name one of cells"));
}

TEST(Registry, RefusesWhatItDoesNotKnow) {
  const std::string good = R"({"file": "a", "url": "http://a/a", "sha256": ")" + kHex + "\"}";
  EXPECT_EQ(refusal(registry_with(good)), "taken");
  EXPECT_THAT(refusal("{"), HasSubstr("not JSON"));
  EXPECT_THAT(refusal("[]"), HasSubstr("not an object"));
  EXPECT_THAT(refusal(R"({"format": 2, "entries": []})"), HasSubstr("format is not 1"));
  EXPECT_THAT(refusal(R"({"format": 1, "entries": []})"), HasSubstr("list of 1 to"));
  EXPECT_THAT(refusal(registry_with("")), HasSubstr("`files` is not a list"));
  EXPECT_THAT(refusal(registry_with(good + "," + good)), HasSubstr("`a` is taken already"));
  EXPECT_THAT(refusal(registry_with(R"({"file": "a", "url": "http://a/a"})")),
              HasSubstr("needs one checksum"));
  EXPECT_THAT(refusal(registry_with(R"({"file": "a", "url": "http://a/a", "sha256": "zz"})")),
              HasSubstr("64 lower-case"));
  EXPECT_THAT(refusal(registry_with(R"({"file": "a", "sha256": ")" + kHex + "\"}")),
              HasSubstr("`url` is missing"));
  EXPECT_THAT(refusal(registry_with(good.substr(0, good.size() - 1) + R"(, "size": 3})")),
              HasSubstr("`size` is no field"));
  EXPECT_THAT(refusal(registry_with(good.substr(0, good.size() - 1) + R"(, "bytes": -3})")),
              HasSubstr("`bytes` is not"));
  for (const char* place : {"../a", "/a", "a/", "SOURCE.json"}) {
    const std::string file = std::string(R"({"file": ")") + place +
                             R"(", "url": "http://a/a", "sha256": ")" + kHex + "\"}";
    EXPECT_NE(refusal(registry_with(file)), "taken") << place;
  }
}

TEST(FetchEntry, BringsUnpacksAndGoesOn) {
  const test::TemporaryFolder folder;
  const fs::path zipped = folder / "made.zip";
  zip_t* zip = zip_open(zipped.c_str(), ZIP_CREATE, nullptr);
  zip_file_add(zip, "in/b.txt", zip_source_buffer(zip, "bee", 3, 0), 0);
  ASSERT_EQ(zip_close(zip), 0);
  const std::string archive = *read_text(zipped, 1 << 20);
  bool is_up = false;
  const test::HttpServer server([&](const test::HttpRequest& request) {
    if (request.path == "/a") return test::HttpReply{200, {}, "first"};
    return is_up ? test::HttpReply{200, {}, archive} : test::HttpReply{503, {}, "later"};
  });
  RegistryEntry entry{"cells", "some cells", "CC0", "Nobody 2020", "https://example.org", "", {}};
  const auto sum = [](std::string_view text) {
    return Checksum{Digest::sha256, sha256(as_bytes_of(text))};
  };
  entry.files = {{"x/a", server.url("/a"), sum("first"), 5, ""},
                 {"b.zip", server.url("/b"), sum(archive), 0, "b"}};
  OwnContext context;
  const fs::path out = folder / "out";
  EXPECT_ERROR(fetch_entry(context.get(), entry, out), ErrorCode::unreadable);
  EXPECT_FALSE(fs::exists(out / "SOURCE.json"));
  is_up = true;
  for (const std::size_t there : {1U, 2U}) {
    const auto done = fetch_entry(context.get(), entry, out);
    ASSERT_OK(done);
    EXPECT_EQ(done->files, 2U);
    EXPECT_EQ(done->were_there, there);
    EXPECT_EQ(done->bytes, 5 + archive.size());
  }
  EXPECT_EQ(server.requests().size(), 3U);
  EXPECT_EQ(*read_text(out / "b/in/b.txt", 10), "bee");
  EXPECT_THAT(*read_text(out / "SOURCE.json", 1 << 16), HasSubstr("\"licence\": \"CC0\""));
  EXPECT_ERROR(fetch_entry(context.get(), entry, folder / "small", {.max_bytes = 4}),
               ErrorCode::limit_exceeded);
  EXPECT_FALSE(fs::exists(folder / "small"));
}

}  // namespace
}  // namespace bloodcell::fetch
