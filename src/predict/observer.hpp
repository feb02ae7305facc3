// What a network says of labelled samples, row by row: shared by what fits a model file to cells.
#pragma once

#include <span>
#include <string>
#include <vector>

#include <bloodcell/base/context.hpp>
#include <bloodcell/base/result.hpp>
#include <bloodcell/data/dataset.hpp>
#include <bloodcell/infer/session.hpp>
#include <bloodcell/metrics/scaling.hpp>
#include <bloodcell/predict/picture_measures.hpp>

namespace bloodcell::predict {

struct Observed {
  metrics::LogitTable logits;
  std::vector<float> embeddings;  // empty unless the session keeps them
  std::vector<PictureMeasures> measures;
};

// With embeddings where the network ends so that it has them.
[[nodiscard]] Result<infer::Session> open_session(const Context& context,
                                                  const model_file::ModelFile& model,
                                                  infer::Precision precision, bool& has_embedding);

// Those samples that the network can see framed as it must: a network of located cells needs boxes.
// Adds the others to without_box.
[[nodiscard]] std::vector<std::size_t> framed(const image::Preprocessing& preprocessing,
                                              const data::Dataset& dataset,
                                              std::vector<std::size_t> samples,
                                              std::uint64_t& without_box);

// Readable samples one after the other as the network takes them; the others become problems.
struct CellInputs {
  std::vector<float> values;         // rows × 3 × H × W
  std::vector<std::size_t> samples;  // of each row
};
[[nodiscard]] CellInputs inputs_of(const Context& context, const data::Dataset& dataset,
                                   std::span<const std::size_t> samples,
                                   const image::Preprocessing& preprocessing,
                                   std::vector<Error>& problems);

// places: of the data's labels among the model's (label_places.hpp).
[[nodiscard]] Result<Observed> observe(const Context& context, const infer::Session& session,
                                       const model_file::Description& description,
                                       const data::Dataset& dataset,
                                       const std::vector<std::size_t>& samples,
                                       const std::vector<int>& places, std::size_t batch,
                                       std::vector<Error>& problems);

// How many of the cells the probabilities call by their name.
[[nodiscard]] model_file::PrecisionFigures figures_of(
    infer::Precision precision, const std::vector<const metrics::LogitTable*>& tables,
    const metrics::Scaling& scaling);

// The same cells in each precision but float32 that this processor and the file have.
[[nodiscard]] Result<std::vector<model_file::PrecisionFigures>> measure_other_precisions(
    const Context& context, const model_file::ModelFile& model, const data::Dataset& dataset,
    const std::vector<std::size_t>& samples, const std::vector<int>& places,
    const metrics::Scaling& scaling, std::size_t batch);

}  // namespace bloodcell::predict
