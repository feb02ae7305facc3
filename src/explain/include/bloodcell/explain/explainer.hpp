// A picture → its cells, each with what the model says of it, where it sees that, and which known
// cells are like it.
#pragma once

#include <filesystem>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <bloodcell/base/context.hpp>
#include <bloodcell/base/result.hpp>
#include <bloodcell/explain/cell_index.hpp>
#include <bloodcell/explain/heat_map.hpp>
#include <bloodcell/image/image.hpp>
#include <bloodcell/predict/predictor.hpp>

namespace bloodcell::explain {

struct ClassMap {
  int class_index = 0;  // position in Explainer::labels()
  HeatMap map;
};

struct ExplainedCell {
  std::string file;
  int cell = 0;        // from 0 within its file, as predict numbers them
  image::Box box;      // in the pixels of the file
  image::Image frame;  // what the network saw, at its input's size
  bool is_cut = false;
  predict::Verdict verdict;     // as predict has it, by both networks where the file holds two
  int second = 0;               // the class next in probability
  Method method = Method::cam;  // of the maps
  // Of the class asked for, then of its nearest rival; what the file's own network sees.
  std::vector<ClassMap> maps;
  std::vector<Neighbour> near;  // in the index; empty without one
};

struct ExplainOptions {
  std::optional<Method> method{};  // nothing: cam where the network has it, else rise
  std::string of_class{};          // whose evidence is shown; empty: of the class that is named
  HeatOptions heat{};
  std::size_t neighbours = 5;
  predict::Shows shows = predict::Shows::automatic;
  std::optional<model_file::ModelFile> locator{};  // as predict::Options::locator
  // Of the locator, so that cells have the numbers that predict::Options::precision gives them.
  infer::Precision locates_in = infer::Precision::automatic;
  std::filesystem::path cache_folder{};  // of compiled networks; empty: none kept
  bool reads_twice = true;               // as predict::Options::reads_twice
};

// What is asked of one picture, where it is not what ExplainOptions say.
struct Ask {
  std::optional<Method> method{};
  std::string of_class{};
  std::optional<int> cell{};  // it alone
  std::size_t most_cells = std::numeric_limits<std::size_t>::max();
};

class Explainer {
 public:
  // index: made with this network. Errors: usage (a class that the model lacks, a model of one
  // class), mismatch (an index of another network), unsupported (a method that this network does
  // not allow), those of infer::Session and the locator.
  [[nodiscard]] static Result<Explainer> open(const Context& context,
                                              const model_file::ModelFile& model,
                                              const ExplainOptions& options,
                                              std::optional<CellIndex> index = std::nullopt);

  // None for a field in which no white cell is found. Thread-safe. Errors: usage (a class that the
  // model lacks), not_found (no such cell), limit_exceeded (more cells than may be), unsupported (a
  // method that this network does not allow), those of the engine.
  [[nodiscard]] Result<std::vector<ExplainedCell>> explain(const image::Image& picture,
                                                           std::string_view file,
                                                           const Ask& ask = {}) const;

  [[nodiscard]] const model_file::Description& description() const { return description_; }
  [[nodiscard]] const std::vector<std::string>& labels() const { return description_.labels; }
  [[nodiscard]] Method method() const { return method_; }
  [[nodiscard]] const Neighbours* neighbours() const { return neighbours_.get(); }

 private:
  Explainer(model_file::Description description, infer::Session session, predict::Judge judge,
            std::optional<locate::Locator> locator, std::optional<predict::SecondReader> second,
            Method method, ExplainOptions options, std::unique_ptr<Neighbours> neighbours,
            int of_class);
  [[nodiscard]] predict::Framing wanted() const {
    return {description_.preprocessing, second_ ? &second_->preprocessing() : nullptr};
  }
  [[nodiscard]] Result<ExplainedCell> explain(predict::SeenCell cell, Method method,
                                              int of_class) const;

  model_file::Description description_;
  infer::Session session_;
  predict::Judge judge_;
  std::optional<locate::Locator> locator_;
  std::optional<predict::SecondReader> second_;
  Method method_;
  ExplainOptions options_;
  std::unique_ptr<Neighbours> neighbours_;
  int of_class_;  // −1: the one that is named
};

}  // namespace bloodcell::explain
