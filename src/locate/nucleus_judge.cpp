#include <bloodcell/locate/nucleus_judge.hpp>

#include <algorithm>
#include <optional>
#include <set>
#include <utility>

#include <bloodcell/base/csv.hpp>
#include <bloodcell/base/files.hpp>
#include <bloodcell/base/names.hpp>
#include <bloodcell/image/decode.hpp>
#include <bloodcell/locate/look.hpp>
#include <bloodcell/smear/nucleus.hpp>

namespace bloodcell::locate {

namespace {

namespace fs = std::filesystem;

constexpr std::uint8_t kNucleusValue = 255;

struct Drawn {
  std::string file;
  std::string mask;
};

Result<std::vector<Drawn>> drawn_in(const fs::path& csv, const std::vector<std::string>& only,
                                    const Limits& limits) {
  BC_ASSIGN(const auto text, read_text(csv, limits.max_file_bytes));
  auto parsed = parse_csv(text);
  if (!parsed) return tl::unexpected(with_path(parsed.error(), csv.string()));
  const auto file = parsed->column("file");
  const auto mask = parsed->column("mask");
  if (!file || !mask) {
    return fail(ErrorCode::malformed, "line 1: no columns `file` and `mask`", csv.string());
  }
  const std::set<std::string> wanted(only.begin(), only.end());
  std::vector<Drawn> drawn;
  for (std::size_t i = 0; i < parsed->rows.size(); ++i) {
    const auto& row = parsed->rows[i];
    const auto place = [&](Error error) {
      error.message = fmt::format("row {}: {}", i + 1, error.message);
      return with_path(std::move(error), csv.string());
    };
    if (!wanted.empty() && !wanted.contains(row[*file])) continue;
    BC_ASSIGN(auto file_name, relative_file(row[*file]).map_error(place));
    BC_ASSIGN(auto mask_name, relative_file(row[*mask]).map_error(place));
    drawn.push_back({std::move(file_name), std::move(mask_name)});
  }
  if (!drawn.empty()) return drawn;
  return fail(ErrorCode::usage, "none of the pictures named is in it", csv.string());
}

// About all that is drawn of the cell. Nothing for an empty mask.
std::optional<smear::CellBox> box_about(const image::Image& mask) {
  int left = mask.width_px;
  int top = mask.height_px;
  int right = 0;
  int bottom = 0;
  for (int y = 0; y < mask.height_px; ++y) {
    for (int x = 0; x < mask.width_px; ++x) {
      if (mask.at(x, y)[0] == 0) continue;
      left = std::min(left, x);
      top = std::min(top, y);
      right = std::max(right, x + 1);
      bottom = std::max(bottom, y + 1);
    }
  }
  if (right == 0) return std::nullopt;
  return smear::CellBox{.x = static_cast<double>(left),
                        .y = static_cast<double>(top),
                        .width = static_cast<double>(right - left),
                        .height = static_cast<double>(bottom - top)};
}

double dice_in(const smear::CellBox& cell, const image::Image& picture, const image::Image& mask) {
  const auto nucleus = smear::find_nucleus(picture, cell);
  std::vector<std::uint8_t> found;
  std::vector<std::uint8_t> drawn;
  for (int y = 0; y < mask.height_px; ++y) {
    for (int x = 0; x < mask.width_px; ++x) {
      found.push_back(nucleus.has(x, y) ? 1 : 0);
      drawn.push_back(mask.at(x, y)[0] == kNucleusValue ? 1 : 0);
    }
  }
  return smear::dice_of(found, drawn);
}

struct One {
  JudgedNucleus nucleus;
  bool is_located = false;
};

Result<One> judge_one(const Context& context, const Locator& locator, const fs::path& set,
                      const Drawn& drawn) {
  BC_ASSIGN(const auto picture, image::decode_file(set / drawn.file, context.limits));
  BC_ASSIGN(const auto mask, image::decode_file(set / drawn.mask, context.limits));
  if (mask.width_px != picture.width_px || mask.height_px != picture.height_px) {
    return fail(ErrorCode::malformed, "the mask is not as large as its picture",
                (set / drawn.mask).string());
  }
  const auto drawn_box = box_about(mask);
  if (!drawn_box) {
    return fail(ErrorCode::malformed, "the mask shows no cell", (set / drawn.mask).string());
  }
  BC_ASSIGN(const auto seen, look(locator, picture));
  const auto meant = cell_meant(seen.located, picture.width_px, picture.height_px);
  One one;
  one.nucleus.file = drawn.file;
  one.nucleus.dice_in_drawn_box = dice_in(*drawn_box, picture, mask);
  one.is_located = meant.has_value();
  if (meant) one.nucleus.dice_in_found_box = dice_in(*meant, picture, mask);
  return one;
}

}  // namespace

Result<NucleusJudgement> judge_nuclei(const Context& context, const Locator& locator,
                                      const std::filesystem::path& set,
                                      const std::vector<std::string>& only) {
  BC_ASSIGN(const auto drawn, drawn_in(set / "labels.csv", only, context.limits));
  NucleusJudgement judgement;
  for (const auto& cell : drawn) {
    BC_CHECK(context.cancellation.check());
    context.progress.update({"judging", judgement.cells.size(), drawn.size(), "cells", {}});
    BC_ASSIGN(auto one, judge_one(context, locator, set, cell));
    judgement.located += one.is_located ? 1 : 0;
    judgement.mean_in_drawn_boxes += one.nucleus.dice_in_drawn_box;
    judgement.mean_in_found_boxes += one.nucleus.dice_in_found_box;
    judgement.cells.push_back(std::move(one.nucleus));
  }
  context.progress.finish();
  judgement.mean_in_drawn_boxes /= static_cast<double>(drawn.size());
  judgement.mean_in_found_boxes /= static_cast<double>(drawn.size());
  return judgement;
}

}  // namespace bloodcell::locate
