// Files cut short, changed and made up: decode gives an error or the whole picture, and never
// crashes. fuzz/decode_fuzz.cpp goes on from here.
#include <rapidcheck.h>

#include <bloodcell/base/random.hpp>
#include <bloodcell/image/decode.hpp>
#include <bloodcell/test/support.hpp>

#include <bloodcell/test/made_files.hpp>

namespace bloodcell::image {
namespace {

Limits tight() {
  Limits limits;
  limits.max_pixels = 1'000'000;
  limits.max_side_px = 5000;
  return limits;
}

void expect_whole_or_error(const Bytes& file, const std::string& what) {
  const Limits limits = tight();
  const auto decoded = decode(file, limits);
  if (!decoded) {
    EXPECT_FALSE(decoded.error().message.empty()) << what;
    return;
  }
  const auto header = read_header(file, limits);
  ASSERT_OK(header);
  EXPECT_EQ(decoded->width_px, header->width_px) << what;
  EXPECT_EQ(decoded->height_px, header->height_px) << what;
  EXPECT_EQ(decoded->rgb.size(), decoded->pixel_bytes()) << what;
}

TEST(Hostile, TheFilesTheseTestsBeginWithAreWhole) {
  for (const auto& [name, file] : made::one_of_each()) EXPECT_OK(decode(file, tight())) << name;
}

TEST(Hostile, AFileCutAnywhereIsAnError) {
  for (const auto& [name, file] : made::one_of_each()) {
    for (std::size_t length = 0; length < file.size(); ++length) {
      const Bytes part(file.begin(), file.begin() + static_cast<std::ptrdiff_t>(length));
      EXPECT_FALSE(decode(part, tight()).has_value())
          << name << " cut to " << length << " of " << file.size();
    }
  }
}

TEST(Hostile, ChangedBytesNeverBreakUs) {
  std::uint64_t index = 0;
  for (const auto& [name, file] : made::one_of_each()) {
    for (int trial = 0; trial < 400; ++trial) {
      Random random(7, stream_of("flips"), index++);
      Bytes changed = file;
      for (std::uint64_t i = 0; i <= random.below(4); ++i) {
        // Headers stand at the start or the end: more changes there.
        const std::size_t near = 1 + random.below(std::min<std::size_t>(64, changed.size()));
        const std::size_t place = random.chance(0.4)   ? near - 1
                                  : random.chance(0.3) ? changed.size() - near
                                                       : random.below(changed.size());
        changed[place] = static_cast<std::byte>(random.below(256));
      }
      expect_whole_or_error(changed, name);
    }
  }
}

TEST(Hostile, PiecesOfOneFileInAnotherNeverBreakUs) {
  const auto files = made::one_of_each();
  for (std::uint64_t trial = 0; trial < 1500; ++trial) {
    Random random(7, stream_of("splices"), trial);
    const Bytes& first = files[random.below(files.size())].second;
    const Bytes& second = files[random.below(files.size())].second;
    Bytes spliced(first.begin(),
                  first.begin() + static_cast<std::ptrdiff_t>(random.below(first.size())));
    spliced.insert(spliced.end(),
                   second.begin() + static_cast<std::ptrdiff_t>(random.below(second.size())),
                   second.end());
    expect_whole_or_error(spliced, "spliced");
  }
}

TEST(Hostile, AnyBytesBehindAnyMagicAreAnErrorOrAPicture) {
  EXPECT_TRUE(rc::check([] {
    const auto magic = *rc::gen::elementOf(std::vector<std::string>{
        "\xFF\xD8\xFF", "\x89PNG\r\n\x1A\n", std::string("II*\0\x08\0\0\0", 8),
        std::string("MM\0*\0\0\0\x08", 8), "RIFF\x20\0\0\0WEBPVP8X", "BM", ""});
    const auto bytes = *rc::gen::arbitrary<std::vector<std::uint8_t>>();
    Bytes file = made::text(magic);
    for (const std::uint8_t byte : bytes) file.push_back(static_cast<std::byte>(byte));
    const auto decoded = decode(file, tight());
    RC_ASSERT(!decoded || decoded->rgb.size() == decoded->pixel_bytes());
  }));
}

}  // namespace
}  // namespace bloodcell::image
