#include <embedded.hpp>

#include <bloodcell/cli/verbs.hpp>
#include <verbs/average_weights.hpp>
#include <verbs/fetching.hpp>

namespace bloodcell::cli {

namespace {

Verb pull_verb() {
  return {"pull", "Download ImageNet weights: checked, resumed, with their licence",
          "  bloodcell weights pull\n"
          "  bloodcell weights pull resnet50-keras -o weights/resnet50/\n"
          "  bloodcell weights pull ours --registry our-weights.json",
          [](CLI::App& command) {
            return set_up_fetching(command, {embedded::weights_registry(), "weights",
                                             "network; without it those with weights are listed"});
          },
          Uses::json};
}

}  // namespace

Verb weights_verb() {
  Verb verb{
      "weights",
      "Fetch or make weights that networks can begin with",
      "  bloodcell weights pull resnet50-keras -o weights/resnet50/\n"
      "  bloodcell train --model resnet50-keras --weights weights/resnet50/*.h5 --data cells/\n"
      "  bloodcell weights average runs/a/best.safetensors runs/b/best.safetensors -o "
      "mean.safetensors",
      {}};
  verb.nested = {pull_verb(), average_weights_verb()};
  return verb;
}

}  // namespace bloodcell::cli
