// Golden outputs of a model file against what the engine gives on this machine.
#pragma once

#include <cstddef>
#include <vector>

#include <bloodcell/base/limits.hpp>
#include <bloodcell/base/result.hpp>
#include <bloodcell/infer/session.hpp>
#include <bloodcell/model_file/model_file.hpp>

namespace bloodcell::infer {

struct Verification {
  double largest_difference = 0;  // over all golden logits, absolute
  std::size_t outputs_checked = 0;
};

// Runs the golden inputs: within the file's tolerance in float32, 0.05 in bfloat16, 0.3 in int8.
// Errors: mismatch, with the difference and the tolerance.
[[nodiscard]] Result<Verification> verify(const Session& session,
                                          const model_file::Description& description);

// What the session gives for the golden inputs of a description: for a network that was changed.
// Errors: those of Session::run.
[[nodiscard]] Result<std::vector<model_file::GoldenOutput>> golden_again(
    const Session& session, const model_file::Description& description);

// Of two networks, as of one.
[[nodiscard]] Verification together(const Verification& one, const Verification& other);

// A file's network, and its second where it holds one, in float32. Errors: those of Session::open,
// verify() and model_file::second_of.
[[nodiscard]] Result<Verification> verify_file(const model_file::ModelFile& file, unsigned threads,
                                               const Limits& limits);

}  // namespace bloodcell::infer
