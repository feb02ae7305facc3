#include <bloodcell/locate/judge.hpp>

#include <algorithm>
#include <cmath>
#include <optional>
#include <set>

#include <bloodcell/base/files.hpp>
#include <bloodcell/image/decode.hpp>
#include <bloodcell/locate/look.hpp>
#include <bloodcell/smear/box_table.hpp>

namespace bloodcell::locate {

namespace {

constexpr std::size_t kAtOnce = 64;

struct Judged {
  const std::string* file = nullptr;
  const std::vector<smear::CellBox>* drawn = nullptr;
  std::vector<smear::CellBox> found;
};

Result<std::vector<smear::CellBox>> cells_in(const Context& context, const Locator& locator,
                                             const std::filesystem::path& path) {
  BC_ASSIGN(const auto bytes, read_file(path, context.limits.max_file_bytes));
  BC_ASSIGN(const auto picture, image::decode(bytes, context.limits));
  BC_ASSIGN(auto seen, look(locator, picture));
  return std::move(seen.located);
}

void add(const Judged& field, Judgement& judgement) {
  ++judgement.fields;
  for (std::size_t k = 0; k < smear::kKinds; ++k) {
    const auto kind = static_cast<smear::Kind>(k);
    const auto matches = smear::match(field.found, *field.drawn, kind);
    if (matches.drawn == 0) continue;
    judgement.kinds[k] += matches;
    if (kind != smear::Kind::white) continue;
    if (matches.matched < matches.drawn) judgement.missed.push_back(*field.file);
    if (matches.matched < matches.found) judgement.extra.push_back(*field.file);
  }
}

void count_red(const std::vector<Judged>& fields, Judgement& judgement) {
  std::size_t counted = 0;
  for (const auto& field : fields) {
    const auto matches = smear::match(field.found, *field.drawn, smear::Kind::red);
    if (matches.drawn == 0) continue;
    const double ratio = static_cast<double>(matches.found) / static_cast<double>(matches.drawn);
    judgement.red_count_ratio += ratio;
    judgement.red_count_error += std::abs(ratio - 1);
    ++counted;
  }
  if (counted == 0) return;
  judgement.red_count_ratio /= static_cast<double>(counted);
  judgement.red_count_error /= static_cast<double>(counted);
}

}  // namespace

Result<Judgement> judge(const Context& context, const Locator& locator,
                        const std::filesystem::path& set, const std::vector<std::string>& only) {
  BC_ASSIGN(const auto boxes, smear::load_boxes(set / "boxes.csv", context.limits));
  const std::set<std::string> wanted(only.begin(), only.end());
  std::vector<Judged> fields;
  for (const auto& [file, drawn] : boxes) {
    if (wanted.empty() || wanted.contains(file)) fields.push_back({&file, &drawn, {}});
  }
  if (fields.empty()) {
    return fail(ErrorCode::usage, "none of the fields named is in it",
                (set / "boxes.csv").string());
  }
  std::vector<std::optional<Error>> errors(fields.size());
  for (std::size_t first = 0; first < fields.size(); first += kAtOnce) {
    BC_CHECK(context.cancellation.check());
    context.progress.update({"locating", first, fields.size(), "fields", {}});
    context.pool.for_each(std::min(kAtOnce, fields.size() - first), [&](std::size_t i) {
      auto& field = fields[first + i];
      const auto path = set / "images" / *field.file;
      auto found = cells_in(context, locator, path);
      if (found) {
        field.found = std::move(*found);
      } else {
        errors[first + i] = with_path(found.error(), path.string());
      }
    });
  }
  for (const auto& error : errors) {
    if (error) return tl::unexpected(*error);
  }
  Judgement judgement;
  for (const auto& field : fields) add(field, judgement);
  count_red(fields, judgement);
  return judgement;
}

}  // namespace bloodcell::locate
