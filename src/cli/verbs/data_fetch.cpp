#include <embedded.hpp>

#include <verbs/data.hpp>
#include <verbs/fetching.hpp>

namespace bloodcell::cli {

Verb data_fetch_verb() {
  return {"fetch", "Download a public set: checked, resumed, with its licence",
          "  bloodcell data fetch\n"
          "  bloodcell data fetch bccd -o bccd/\n"
          "  bloodcell data fetch cells --registry our-sets.json -o cells/",
          [](CLI::App& command) {
            return set_up_fetching(command, {embedded::sets_registry(), "sets",
                                             "set to fetch; without it the sets are listed"});
          },
          Uses::json};
}

}  // namespace bloodcell::cli
