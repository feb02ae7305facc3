#include <algorithm>
#include <string>

#include <bloodcell/data/audit.hpp>
#include <bloodcell/image/decode.hpp>
#include <bloodcell/image/draw.hpp>

namespace bloodcell::data {

namespace {

constexpr int kPairsInRow = 3;
constexpr int kLetter_px = 8;
constexpr int kLine_px = 15;
constexpr image::Colour kGround{255, 255, 255};
constexpr image::Colour kMissing{200, 200, 200};
constexpr image::Colour kInk{20, 20, 30};
constexpr image::Colour kSoft{90, 90, 105};
constexpr int kSide = kSheetPictureSide_px;

void draw_entry(image::Image& sheet, const Context& context, const std::filesystem::path& root,
                const SplitEntry& entry, int x, int y) {
  const auto picture =
      image::decode_file(root / entry.file, context.limits, {2 * kSide, 2 * kSide});
  if (picture) {
    const auto small = image::thumbnail(*picture, kSide, kSide);
    image::paste(sheet, small, x + (kSide - small.width_px) / 2, y + (kSide - small.height_px) / 2);
  } else {
    image::paste(sheet, image::blank(kSide, kSide, kMissing), x, y);
    image::draw_text(sheet, "cannot be read", x + 20, y + kSide / 2, kLetter_px, kInk);
  }
  const auto write = [&](const std::string& text, int line, image::Colour colour) {
    image::draw_text(sheet, image::shortened_to(text, kSide, kLetter_px), x,
                     y + kSide + line * kLine_px, kLetter_px, colour);
  };
  write(fmt::format("{}: {}", entry.part, entry.label), 1, kInk);
  const std::filesystem::path file = entry.file;
  write(file.filename().string(), 2, kInk);
  write(file.parent_path().generic_string(), 3, kSoft);
}

}  // namespace

Result<image::Image> contact_sheet(const Context& context, const std::filesystem::path& root,
                                   const std::vector<LeakingPair>& pairs) {
  if (pairs.empty() || pairs.size() > kSheetPairs) {
    return fail(ErrorCode::usage, fmt::format("a contact sheet shows 1 to {} pairs, not {}",
                                              kSheetPairs, pairs.size()));
  }
  const int count = static_cast<int>(pairs.size());
  const int in_row = std::min(count, kPairsInRow);
  const int rows = (count + in_row - 1) / in_row;
  auto sheet = image::blank(in_row * kSheetPairWidth_px, rows * kSheetPairHeight_px, kGround);
  constexpr int kGap = 4;  // within a pair
  constexpr int kMargin = (kSheetPairWidth_px - 2 * kSide - kGap) / 2;
  for (int i = 0; i < count; ++i) {
    BC_CHECK(context.cancellation.check());
    const auto& pair = pairs[static_cast<std::size_t>(i)];
    const int x = i % in_row * kSheetPairWidth_px + kMargin;
    const int y = i / in_row * kSheetPairHeight_px + kMargin;
    draw_entry(sheet, context, root, pair.first, x, y);
    draw_entry(sheet, context, root, pair.second, x + kSide + kGap, y);
    image::draw_text(sheet, fmt::format("{} files share this", pair.files), x,
                     y + kSide + 4 * kLine_px, kLetter_px, kSoft);
  }
  return sheet;
}

}  // namespace bloodcell::data
