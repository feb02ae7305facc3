#include <bloodcell/graph/architectures.hpp>

#include <array>

namespace bloodcell::graph {

std::span<const ArchitectureInfo> architectures() {
  static constexpr std::array kArchitectures{
      ArchitectureInfo{"baseline", "the seed project's three plain convolutions", 320, 240,
                       Task::classify, &baseline},
      ArchitectureInfo{"compact", "a small residual network for single cells", 96, 96,
                       Task::classify, &compact},
      ArchitectureInfo{"locator", "finds the cells of a field", kLocatorWidthPx, kLocatorHeightPx,
                       Task::locate, &locator},
  };
  return kArchitectures;
}

Result<ArchitectureInfo> find_architecture(std::string_view name) {
  std::string names;
  for (const auto& info : architectures()) {
    if (info.name == name) return info;
    names += (names.empty() ? "" : ", ") + std::string(info.name);
  }
  return fail(ErrorCode::not_found, fmt::format("no network is called '{}'", name), "",
              "choose one of: " + names);
}

}  // namespace bloodcell::graph
