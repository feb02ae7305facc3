#pragma once

#include <bloodcell/cli/verbs.hpp>

namespace bloodcell::cli {

[[nodiscard]] Verb average_weights_verb();

}  // namespace bloodcell::cli
