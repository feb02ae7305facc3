// Files fetched by name from a list of what is published: what `data fetch` and `weights pull`
// share.
#pragma once

#include <string_view>

#include <bloodcell/cli/application.hpp>

namespace bloodcell::cli {

struct FetchList {
  std::string_view text;  // our own list: fetch::registry_from_json_text
  const char* kind;       // what it lists, as the key of the JSON answer: `sets`
  const char* name_help;  // of the argument
};

// The options and the run of such a verb; without a name it lists what there is. The list's text
// outlives the verb.
[[nodiscard]] Action set_up_fetching(CLI::App& command, const FetchList& list);

}  // namespace bloodcell::cli
