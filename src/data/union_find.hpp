// Sets that are joined pair by pair (Galler and Fischer 1964). The root of a set is its smallest
// member, so that the outcome does not depend on the order of joining. Private to the layer.
#pragma once

#include <cstddef>
#include <numeric>
#include <utility>
#include <vector>

namespace bloodcell::data {

class UnionFind {
 public:
  explicit UnionFind(std::size_t count) : parent_(count) {
    std::iota(parent_.begin(), parent_.end(), std::size_t{0});
  }

  [[nodiscard]] std::size_t root(std::size_t item) {
    while (parent_[item] != item) {
      parent_[item] = parent_[parent_[item]];
      item = parent_[item];
    }
    return item;
  }

  // False when the two were in one set before.
  bool join(std::size_t a, std::size_t b) {
    a = root(a);
    b = root(b);
    if (a == b) return false;
    if (b < a) std::swap(a, b);
    parent_[b] = a;
    return true;
  }

 private:
  std::vector<std::size_t> parent_;
};

}  // namespace bloodcell::data
