// The verbs of the product. One .cpp in src/cli/verbs each.
#pragma once

#include <bloodcell/cli/application.hpp>

namespace bloodcell::cli {

[[nodiscard]] Verb predict_verb();
[[nodiscard]] Verb merge_verb();  // the shards of predict
[[nodiscard]] Verb evaluate_verb();
[[nodiscard]] Verb calibrate_verb();
[[nodiscard]] Verb quantise_verb();
[[nodiscard]] Verb join_verb();  // a second network into a model file
[[nodiscard]] Verb differential_verb();
[[nodiscard]] Verb adapt_verb();
[[nodiscard]] Verb explain_verb();
[[nodiscard]] Verb index_verb();  // known cells for explain
[[nodiscard]] Verb locate_verb();
[[nodiscard]] Verb info_verb();
[[nodiscard]] Verb import_onnx_verb();
[[nodiscard]] Verb data_verb();  // data list | split | audit | report | families | synthesise
[[nodiscard]] Verb serve_verb();
[[nodiscard]] Verb bench_verb();
[[nodiscard]] Verb compare_verb();
[[nodiscard]] Verb doctor_verb();
[[nodiscard]] Verb models_verb();   // the architectures: parameters, FLOPs, input, weights
[[nodiscard]] Verb weights_verb();  // weights pull

// A verb of bloodcell-train, handed to that program, which lies beside this one: `bloodcell train
// …` is `bloodcell-train train …`. When it was not built, says how to get it (exit status 1).
[[nodiscard]] Verb training_verb(std::string name, std::string what);

}  // namespace bloodcell::cli
