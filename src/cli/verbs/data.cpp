#include <verbs/data.hpp>

#include <bloodcell/cli/verbs.hpp>

namespace bloodcell::cli {

Verb data_verb() {
  Verb verb{"data",
            "List, fetch, import, group, split and check sets of labelled pictures",
            "  bloodcell data families photographs/ -o families.csv\n"
            "  bloodcell data split cells/ --families families.csv -o split.json\n"
            "  bloodcell data audit split.json\n"
            "  bloodcell data report cells/ -o report/",
            {}};
  verb.nested = {data_list_verb(),      data_fetch_verb(),  data_import_verb(),
                 data_families_verb(),  data_split_verb(),  data_audit_verb(),
                 data_report_verb(),    data_locate_verb(), data_augment_verb(),
                 data_synthesise_verb()};
  return verb;
}

}  // namespace bloodcell::cli
