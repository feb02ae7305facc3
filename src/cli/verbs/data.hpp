// The verbs below `data`.
#pragma once

#include <bloodcell/cli/application.hpp>

namespace bloodcell::cli {

[[nodiscard]] Verb data_list_verb();
[[nodiscard]] Verb data_split_verb();
[[nodiscard]] Verb data_audit_verb();
[[nodiscard]] Verb data_report_verb();
[[nodiscard]] Verb data_families_verb();
[[nodiscard]] Verb data_fetch_verb();
[[nodiscard]] Verb data_import_verb();
[[nodiscard]] Verb data_locate_verb();
[[nodiscard]] Verb data_augment_verb();
[[nodiscard]] Verb data_synthesise_verb();

}  // namespace bloodcell::cli
