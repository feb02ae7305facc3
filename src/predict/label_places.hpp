// Labels of data and of a model matched by name.
#pragma once

#include <string>
#include <vector>

#include <bloodcell/base/result.hpp>

namespace bloodcell::predict {

// Where each label of the data stands among the model's. Errors: mismatch (a class of the data that
// the model lacks).
[[nodiscard]] Result<std::vector<int>> label_places(const std::vector<std::string>& of_data,
                                                    const std::vector<std::string>& of_model);

}  // namespace bloodcell::predict
