// Telling pictures of other things from cells by their embeddings.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include <bloodcell/base/context.hpp>
#include <bloodcell/base/result.hpp>
#include <bloodcell/image/preprocess.hpp>
#include <bloodcell/infer/session.hpp>
#include <bloodcell/model_file/trust.hpp>

namespace bloodcell::predict {

// Embeddings of `count` pictures of data::other_picture, each seen whole: count × values. The
// session must keep them.
[[nodiscard]] Result<std::vector<float>> embeddings_of_others(
    const Context& context, const infer::Session& session,
    const image::Preprocessing& preprocessing, std::uint64_t seed, std::size_t count,
    std::size_t batch);

// Both row by row, `values` each; at least one row of either. Cells together weigh as much as the
// others together. The threshold is left 0.
[[nodiscard]] model_file::OtherThings fit_other_things(std::span<const float> cells,
                                                       std::span<const float> others,
                                                       std::size_t values);

}  // namespace bloodcell::predict
