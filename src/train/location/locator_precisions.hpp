// What each precision costs a locator, on fields that it did not learn from.
#pragma once

#include <span>
#include <vector>

#include <bloodcell/base/context.hpp>
#include <bloodcell/base/result.hpp>
#include <bloodcell/model_file/model_file.hpp>

#include "location/fields.hpp"

namespace bloodcell::train {

// The white cells of the fields named by `chosen`, those that were drawn and those that were found;
// right are the ones of both. In float32 and, where this processor has it, in bfloat16. Errors:
// usage (no field with white cells), those of infer::Session; cancelled.
[[nodiscard]] Result<std::vector<model_file::PrecisionFigures>> locator_precisions(
    const Context& context, const model_file::ModelFile& locator, const std::vector<Field>& fields,
    std::span<const std::size_t> chosen);

}  // namespace bloodcell::train
