// Numbers inside a finished model file that may be fitted anew without training: the statistics of
// batch normalisation, and the last dense layer. The rest of the file stays; golden outputs, int8
// and what other precisions cost are dropped, for they were another network's.
#pragma once

#include <string>
#include <vector>

#include <bloodcell/base/result.hpp>
#include <bloodcell/model_file/model_file.hpp>

namespace bloodcell::model_file {

// Of one batch normalisation, known by the tensor it makes.
struct NormStatistics {
  std::string output;
  std::vector<float> mean;      // a value a channel
  std::vector<float> variance;  // ≥ 0
};

// In the order of the graph; none where the network has no batch norm, or had it folded into its
// convolutions. Errors: malformed.
[[nodiscard]] Result<std::vector<NormStatistics>> norm_statistics(const ModelFile& file);

// Errors: mismatch (a tensor that no batch normalisation makes, another number of channels, a value
// that is not finite, a variance below 0).
[[nodiscard]] Result<ModelFile> with_norm_statistics(const ModelFile& file,
                                                     const std::vector<NormStatistics>& statistics);

// Whether instance norm (group norm of one channel or more) stands behind a convolution, so that
// stain and light no longer reach all batch norms. Errors: malformed.
[[nodiscard]] Result<bool> has_inner_instance_norm(const ModelFile& file);

// logit[k] = weights[k] · embedding + bias[k]
struct DenseHead {
  std::size_t values = 0;      // of one embedding
  std::vector<float> weights;  // labels × values
  std::vector<float> bias;     // labels
};

// Errors: unsupported (the logits are not made by one Gemm with fixed weights and bias).
[[nodiscard]] Result<DenseHead> dense_head(const ModelFile& file);

// Errors: as dense_head; mismatch (other sizes, a value that is not finite).
[[nodiscard]] Result<ModelFile> with_dense_head(const ModelFile& file, const DenseHead& head);

}  // namespace bloodcell::model_file
