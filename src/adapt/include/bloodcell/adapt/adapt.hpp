// A model file made to fit a new laboratory, on a CPU, without the training library: from pictures
// without labels, and from a few labels where there are any. docs/adapt.md says what is tried, how
// it is chosen and what it brought where it was measured.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include <bloodcell/base/context.hpp>
#include <bloodcell/base/result.hpp>
#include <bloodcell/data/dataset.hpp>
#include <bloodcell/model_file/model_file.hpp>

namespace bloodcell::adapt {

struct AdaptOptions {
  std::size_t most_cells = 400;  // without labels that are looked at, ≥ 20
  std::uint64_t seed = 42;       // of which cells, and of the folds
  int batch = 16;
};

// Right among labelled cells that the judged network saw no label of.
struct Judged {
  double accuracy = 0;
  double balanced = 0;  // mean over the classes
};

// What was done to the second network of a file that has one.
struct SecondAdapted {
  double norm_share = 0;
  bool aligned = false;
  std::string head;
};

struct Adaptation {
  std::optional<model_file::ModelFile> model;  // nothing: it would not help
  std::string refusal;                         // why, for people

  std::size_t pictures = 0;
  std::size_t cells = 0;                      // of the pictures, without labels
  std::size_t labelled = 0;                   // cells
  std::size_t families = 0;                   // of the labelled
  std::map<std::string, std::size_t> labels;  // labelled cells by class
  std::vector<std::string> never_named;  // classes without a label that the new head leaves out

  double margin_before = 0;  // Preprocessing::cell_margin
  double margin = 0;
  double norm_share = 0;  // of the new pictures in the statistics of batch norm
  bool aligned = false;   // embeddings brought to where known cells of their classes lie
  std::string head = "as it was";
  // Median distance of the cells from the nearest known class (model_file::Familiarity); 0 where
  // the file does not say it.
  double distance_before = 0;
  double distance = 0;  // after alignment by another scale: the two do not compare
  std::optional<SecondAdapted> second;
  bool drops_second = false;     // the adapted file has none: labels do not fit the one there was
  double changed = 0;            // share of the cells without labels that get another class
  std::optional<Judged> before;  // of the file as it was; with labels only
  std::optional<Judged> after;   // by cross-validation, in which the choice is made anew each time
  std::vector<Error> problems;   // pictures that could not be read
};

// Of a file with a second network (model_file::SecondReading) both are adapted, by the same cells
// and the same square about a cell; `before` and `after` are of both together, distances, `changed`
// and the head of the file's own. With labels the second then reads
// again all cells, for half of the answer; without, as the file says.
// `labelled`: cells of known class of the same laboratory, or null; `pictures` hold no labels, and
// may show the same cells. Deterministic for any number of threads. Errors: usage (fewer than 20
// cells, too few labels), mismatch (a label that the model lacks), unsupported (a model that labels
// have already adapted, one that is no classifier, or, without labels, one that does not say what
// is familiar), cancelled.
[[nodiscard]] Result<Adaptation> adapt(const Context& context, const model_file::ModelFile& model,
                                       const std::vector<std::filesystem::path>& pictures,
                                       const data::Dataset* labelled, const AdaptOptions& options);

[[nodiscard]] nlohmann::ordered_json to_json(const Adaptation& adaptation);

}  // namespace bloodcell::adapt
