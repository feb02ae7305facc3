#include <bloodcell/base/heap.hpp>

#include "verbs.hpp"

int main(int argc, char** argv) {
  bloodcell::keep_freed_memory();
  const bloodcell::cli::Program program{
      "bloodcell-train",
      "Trains the networks that bloodcell runs, and makes model files of them.",
      {bloodcell::training::train_verb(), bloodcell::training::export_verb(),
       bloodcell::training::train_locator_verb(), bloodcell::training::tune_verb()},
      {"predict", "evaluate", "info", "data", "models", "doctor"}};
  return bloodcell::cli::run(program, argc, argv, bloodcell::cli::process_terminal());
}
