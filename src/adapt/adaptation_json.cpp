#include <bloodcell/adapt/adapt.hpp>

namespace bloodcell::adapt {

nlohmann::ordered_json to_json(const Adaptation& done) {
  using nlohmann::ordered_json;
  const auto judged = [](const std::optional<Judged>& figures) -> ordered_json {
    if (!figures) return nullptr;
    return {{"accuracy", figures->accuracy}, {"balanced_accuracy", figures->balanced}};
  };
  ordered_json problems = ordered_json::array();
  for (const auto& problem : done.problems) problems.push_back(to_text(problem));
  return {{"refused", done.refusal},
          {"pictures", done.pictures},
          {"cells", done.cells},
          {"labelled_cells", done.labelled},
          {"labelled_families", done.families},
          {"labels", done.labels},
          {"never_named", done.never_named},
          {"cell_margin_before", done.margin_before},
          {"cell_margin", done.margin},
          {"norm_share", done.norm_share},
          {"aligned", done.aligned},
          {"head", done.head},
          {"second", done.second ? ordered_json{{"norm_share", done.second->norm_share},
                                                {"aligned", done.second->aligned},
                                                {"head", done.second->head}}
                                 : ordered_json()},
          {"drops_second", done.drops_second},
          {"distance_before", done.distance_before},
          {"distance", done.distance},
          {"changed_share", done.changed},
          {"before", judged(done.before)},
          {"after_cross_validated", judged(done.after)},
          {"problems", problems}};
}

}  // namespace bloodcell::adapt
