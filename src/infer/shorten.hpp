// A network with fewer operations and the same values, for an engine whose time to compile grows
// with their number, pass after pass.
#pragma once

#include <memory>

#include <openvino/core/model.hpp>

namespace bloodcell::infer {

// In a network that calculates in int8 each pair of QuantizeLinear and DequantizeLinear, as they
// are read, becomes the one FakeQuantize that the engine would make of it. What depends on fixed
// numbers alone is calculated, but for kernels stored as whole numbers, which the engine widens
// more sparingly.
void shorten(const std::shared_ptr<ov::Model>& model, bool in_int8);

}  // namespace bloodcell::infer
