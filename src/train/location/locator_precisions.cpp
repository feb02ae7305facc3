#include "location/locator_precisions.hpp"

#include <bloodcell/graph/architectures.hpp>
#include <bloodcell/image/frame.hpp>
#include <bloodcell/infer/session.hpp>
#include <bloodcell/smear/location.hpp>
#include <bloodcell/smear/match.hpp>

#include "location/views.hpp"

namespace bloodcell::train {

namespace {

Result<smear::Matches> matches_in(const Field& field, const infer::Session& session,
                                  const model_file::Description& description) {
  const auto& preprocessing = description.preprocessing;
  const double least = description.min_confidence;
  std::vector<float> input(preprocessing.input_values());
  image::preprocess(image::whole_frame(field.picture, preprocessing), preprocessing, input);
  BC_ASSIGN(const auto maps, session.run(input, 1));
  const smear::MapSize size{preprocessing.height_px / graph::kLocatorStride,
                            preprocessing.width_px / graph::kLocatorStride, graph::kLocatorStride};
  const auto found = smear::cells_of(maps, size, {least, least, least});
  const auto drawn =
      in_input(field.cells, field.picture.width_px, field.picture.height_px, preprocessing);
  return smear::match(found, drawn, smear::Kind::white);
}

}  // namespace

Result<std::vector<model_file::PrecisionFigures>> locator_precisions(
    const Context& context, const model_file::ModelFile& locator, const std::vector<Field>& fields,
    std::span<const std::size_t> chosen) {
  std::vector<model_file::PrecisionFigures> measured;
  for (const auto precision : {infer::Precision::float32, infer::Precision::bfloat16}) {
    const auto session = infer::Session::open(
        locator, {.threads = context.pool.size(), .precision = precision, .cache_folder = {}});
    if (!session && session.error().code == ErrorCode::unsupported) continue;  // not here
    if (!session) return tl::unexpected(session.error());
    smear::Matches all;
    for (const auto i : chosen) {
      BC_CHECK(context.cancellation.check());
      if (fields[i].known[static_cast<std::size_t>(smear::Kind::white)] == 0) continue;
      BC_ASSIGN(const auto one, matches_in(fields[i], *session, locator.description));
      all += one;
    }
    if (all.drawn == 0) {
      return fail(ErrorCode::usage, "no white cell is drawn in the fields to measure by", {},
                  "name more sets, or leave fewer out");
    }
    measured.push_back({std::string(infer::name_of(precision)),
                        static_cast<std::uint64_t>(all.drawn + all.found - all.matched),
                        static_cast<std::uint64_t>(all.matched)});
  }
  return measured;
}

}  // namespace bloodcell::train
