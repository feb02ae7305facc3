#include "label_places.hpp"

#include <algorithm>

#include <fmt/ranges.h>

namespace bloodcell::predict {

Result<std::vector<int>> label_places(const std::vector<std::string>& of_data,
                                      const std::vector<std::string>& of_model) {
  std::vector<int> places;
  for (const auto& label : of_data) {
    const auto found = std::find(of_model.begin(), of_model.end(), label);
    if (found == of_model.end()) {
      return fail(ErrorCode::mismatch,
                  fmt::format("the data have the class '{}'; the model knows {}", label,
                              fmt::join(of_model, ", ")),
                  "", "choose data or a model with the same classes");
    }
    places.push_back(static_cast<int>(found - of_model.begin()));
  }
  return places;
}

}  // namespace bloodcell::predict
