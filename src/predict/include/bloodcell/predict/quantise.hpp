// Putting a model file's layers into int8 (model_file/quantised.hpp) after training, by what the
// network makes of real cells: scales, and which layers stay float.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <bloodcell/base/context.hpp>
#include <bloodcell/base/result.hpp>
#include <bloodcell/data/dataset.hpp>
#include <bloodcell/model_file/model_file.hpp>

namespace bloodcell::predict {

struct QuantiseOptions {
  std::size_t cells = 2048;  // to choose by, drawn by the seed; fewer where they exceed 256 MB
  std::uint64_t seed = 42;
  int batch = 16;
};

struct Quantised {
  model_file::ModelFile file;           // with int8, `precisions` and what was chosen in provenance
  std::size_t layers = 0;               // in int8
  std::vector<std::string> left_float;  // layers that were put back, by the tensors they make
  std::string scales;                   // `all values`, `least error`
  std::uint64_t cells = 0;              // chosen by
  std::uint64_t right_float = 0;        // of these
  std::uint64_t right_int8 = 0;
  std::uint64_t otherwise = 0;    // of these, called otherwise in int8 than in float32
  std::uint64_t without_box = 0;  // samples left out, where the model is one of located cells
  std::vector<Error> problems;    // samples that could not be read
};

// known: samples to choose by, the training part. Scales are those of all values seen, or those of
// least squared error, whichever disturbs the logits less. Then the layers that disturb them most,
// each alone, stay float, as few as make int8 lose at most model_file::kMostLost of these cells and
// name at most 1 % of the cells otherwise. held_out: samples that no weight was fitted on; they
// choose nothing, each precision is judged on them. Errors: unsupported (a processor without int8,
// a network without a layer for it), usage (no cell to choose or to judge by), mismatch (a label
// the model does not know; no layer may be in int8 by this rule).
[[nodiscard]] Result<Quantised> quantise(const Context& context, const model_file::ModelFile& model,
                                         const data::Dataset& dataset,
                                         const std::vector<std::size_t>& held_out,
                                         const std::vector<std::size_t>& known,
                                         const QuantiseOptions& options);

struct Stored {
  model_file::ModelFile file;     // with golden outputs and `precisions` of what it has become
  std::uint64_t without_box = 0;  // as of Quantised
  std::vector<Error> problems;
};

// The file with its kernels stored as bytes (model_file/byte_kernels.hpp) and judged on held_out as
// above. Errors: those of with_byte_kernels(), usage (no cell to judge by), mismatch (a label the
// model does not know).
[[nodiscard]] Result<Stored> store_as_bytes(const Context& context,
                                            const model_file::ModelFile& model,
                                            const data::Dataset& dataset,
                                            const std::vector<std::size_t>& held_out, int batch);

}  // namespace bloodcell::predict
