// What a reader of one layout hands over, before labels become numbers. Private to the layer.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include <bloodcell/base/context.hpp>
#include <bloodcell/base/result.hpp>
#include <bloodcell/data/dataset.hpp>

namespace bloodcell::data {

struct Listing {
  struct Row {
    Sample sample;         // without its label number
    std::string label;     // canonical
    std::size_t line = 0;  // of a manifest, from 1; 0: none
  };
  std::filesystem::path root;
  std::vector<Row> rows;
  std::vector<Error> problems;
  bool has_families = false;
};

[[nodiscard]] Result<Listing> list_folder(const Context& context,
                                          const std::filesystem::path& folder);
[[nodiscard]] Result<Listing> list_manifest(const Context& context,
                                            const std::filesystem::path& manifest);

[[nodiscard]] Result<Listing> list_mixture(const Context& context,
                                           const std::filesystem::path& mixture);

}  // namespace bloodcell::data
