#include <verbs/slide_options.hpp>

namespace bloodcell::cli {

void add_slide_options(CLI::App& command, locate::SlideOptions& options) {
  const auto positive = CLI::Range(std::uint64_t{1}, std::uint64_t{1} << 62);
  command
      .add_option("--slide-um-per-px", options.um_per_px,
                  "side of a pixel of scanned slides, in place of what they say themselves")
      ->check(CLI::Range(0.02, 2.0));
  command.add_option("--max-slide-pixels", options.max_pixels, "refuse larger slides")
      ->check(positive);
  command.add_option("--max-slide-tiles", options.max_tiles, "refuse slides of more tiles")
      ->check(positive);
  command.add_option("--max-slide-cells", options.max_cells, "refuse slides of more cells")
      ->check(positive);
}

}  // namespace bloodcell::cli
