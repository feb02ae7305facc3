// The verbs of bloodcell-train.
#pragma once

#include <bloodcell/cli/application.hpp>

namespace bloodcell::training {

[[nodiscard]] cli::Verb train_verb();
[[nodiscard]] cli::Verb export_verb();
[[nodiscard]] cli::Verb train_locator_verb();
[[nodiscard]] cli::Verb tune_verb();  // run | resume | status | best | export

}  // namespace bloodcell::training
