// The labelled pictures that a verb judges or calibrates a model on.
#pragma once

#include <string>
#include <vector>

#include <CLI/CLI.hpp>

#include <bloodcell/base/context.hpp>
#include <bloodcell/data/dataset.hpp>

namespace bloodcell::cli {

struct JudgedOptions {
  std::string data;
  std::string split;
  std::string part;
  std::string families;
};

struct Judged {
  data::Dataset dataset;
  std::vector<std::size_t> samples;
  std::vector<std::size_t> learnt_from;  // the split's part `train`, where it has one
  std::string part;                      // empty: all
};

// --data, --split, --part, --families. `options` outlives the command.
void add_judged_options(CLI::App& command, JudgedOptions& options);

// Warns of a split whose parts share families. default_part: of a split, when none is named.
[[nodiscard]] Result<Judged> open_judged(const Context& context, const JudgedOptions& options,
                                         const std::string& default_part = "test");

}  // namespace bloodcell::cli
