// The values that tensors within a network take on pictures, in float32: what int8 chooses its
// scales by.
#pragma once

#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include <bloodcell/base/result.hpp>
#include <bloodcell/model_file/model_file.hpp>

namespace bloodcell::infer {

class TensorWatch {
 public:
  // Layers in int8 count as float. Errors: usage (a tensor the network does not have), malformed
  // (the engine refuses the graph).
  [[nodiscard]] static Result<TensorWatch> open(const model_file::ModelFile& file,
                                                const std::vector<std::string>& tensors,
                                                unsigned threads);
  TensorWatch(TensorWatch&&) noexcept;
  TensorWatch& operator=(TensorWatch&&) noexcept;
  ~TensorWatch();

  // All the values of the i-th tensor for a batch; they live as long as the call.
  using See = std::function<void(std::size_t i, std::span<const float> values)>;

  // input: batch × 3 × H × W floats as preprocess() makes them. One call at a time. Errors: usage
  // (wrong length), internal (the engine failed).
  [[nodiscard]] Result<void> look(std::span<const float> input, int batch, const See& see);

 private:
  struct Impl;
  explicit TensorWatch(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace bloodcell::infer
