// How a verb reads scanned slides.
#pragma once

#include <CLI/CLI.hpp>

#include <bloodcell/locate/slide_tiles.hpp>

namespace bloodcell::cli {

// --slide-um-per-px, --max-slide-pixels, --max-slide-tiles, --max-slide-cells. `options` outlives
// the command.
void add_slide_options(CLI::App& command, locate::SlideOptions& options);

}  // namespace bloodcell::cli
