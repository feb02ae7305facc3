// The routes of bloodcell serve: REST under /api/v1, the Open Inference Protocol under /v2, health,
// metrics, the OpenAPI document and the page.
#pragma once

#include <filesystem>
#include <functional>
#include <map>

#include <bloodcell/base/context.hpp>
#include <bloodcell/differential/differential.hpp>
#include <bloodcell/review/store.hpp>
#include <bloodcell/serve/batcher.hpp>
#include <bloodcell/serve/counters.hpp>
#include <bloodcell/serve/explainers.hpp>
#include <bloodcell/serve/model_shelf.hpp>
#include <bloodcell/serve/options.hpp>
#include <bloodcell/serve/routes.hpp>

namespace bloodcell::serve {

// Files and folders to be looked at, named when the server starts; requests cannot reach others.
struct Shown {
  std::filesystem::path runs{};                           // folder of run folders
  std::filesystem::path studies{};                        // a file, or a folder of .db files
  std::map<std::string, std::filesystem::path> data{};    // sets by the names they were given
  std::map<std::string, std::filesystem::path> splits{};  // of sets, by the same names
  std::filesystem::path evaluations{};  // folder of folders that `evaluate --report` wrote
};

// What the routes work with; outlives the router made of it.
struct Services {
  const Context& context;
  const Options& options;
  ModelShelf& models;
  Batcher& batcher;
  Counters& counters;
  std::function<bool()> is_stopping = [] { return false; };
  review::Store* reviews = nullptr;  // none: nothing of a request is kept
  Explainers* explainers = nullptr;
  differential::Settings count{};  // ranges beside the counts
  Shown shown{};
};

// All routes. The router refers to `services`.
[[nodiscard]] Router make_router(const Services& services);

}  // namespace bloodcell::serve
