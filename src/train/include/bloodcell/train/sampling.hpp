// Which pictures an epoch shows, and how much each class counts.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include <bloodcell/base/result.hpp>
#include <bloodcell/data/dataset.hpp>

namespace bloodcell::train {

// How a class is dealt to the sources that show it: as many as their families, or by the square
// root of those – a small laboratory is shown more often than its size, and not until known by
// heart.
enum class Sources { as_they_are, evened };

// Deals an epoch out evenly: to the classes, within a class to its families, within a family to its
// pictures. Copies of one cell then count as one cell, and a rare class as much as a common one.
// A family that stands under two labels is one in each.
class BalancedOrder {
 public:
  BalancedOrder(const data::Dataset& dataset, const std::vector<std::size_t>& samples,
                Sources sources = Sources::as_they_are);

  // `count` positions in `samples`, in the order they are shown. Each class is shown count/classes
  // times (some once more; which, changes from epoch to epoch); each family of a class (of a class
  // in a source) is shown before one is shown again. Depends on the arguments alone.
  [[nodiscard]] std::vector<std::size_t> of_epoch(std::uint64_t seed, std::uint64_t epoch,
                                                  std::size_t count) const;

 private:
  using Family = std::vector<std::size_t>;  // positions in `samples`
  using Group = std::vector<Family>;        // of one class, and of one source when those are evened
  std::vector<std::vector<Group>> by_class_;  // only classes that have pictures
};

// The weights of the classes in the loss, in the labels' order; empty for `none`. `balanced`: all
// images by the classes' number times the class's images (scikit-learn's rule), 0 where there are
// none. Otherwise `basophil=2,monocyte=1.5`: classes that are not named count 1. Errors: usage (not
// of this form, a class that the set does not have, a weight that is not in (0, 1000]).
[[nodiscard]] Result<std::vector<float>> class_weights_of(std::string_view wanted,
                                                          const data::Dataset& dataset,
                                                          const std::vector<std::size_t>& samples);

// The form alone. Errors: usage.
[[nodiscard]] Result<void> check_class_weights(std::string_view wanted);

}  // namespace bloodcell::train
