#include <bloodcell/base/heap.hpp>
#include <bloodcell/cli/verbs.hpp>

int main(int argc, char** argv) {
  using namespace bloodcell::cli;
  bloodcell::take_memory_in_large_steps();
  const Program program{
      "bloodcell",
      "White-cell classes, counts and reports from pictures of stained blood smears.",
      {predict_verb(),
       merge_verb(),
       differential_verb(),
       evaluate_verb(),
       calibrate_verb(),
       quantise_verb(),
       join_verb(),
       adapt_verb(),
       explain_verb(),
       index_verb(),
       info_verb(),
       import_onnx_verb(),
       data_verb(),
       locate_verb(),
       serve_verb(),
       training_verb("train", "Train a network (bloodcell-train)"),
       training_verb("export", "Make a model file of a training run (bloodcell-train)"),
       training_verb("train-locator", "Train the network that finds cells (bloodcell-train)"),
       training_verb("tune", "Search for the best settings of a training (bloodcell-train)"),
       compare_verb(),
       models_verb(),
       weights_verb(),
       bench_verb(),
       doctor_verb()}};
  return run(program, argc, argv, process_terminal());
}
