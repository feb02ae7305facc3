#include <bloodcell/predict/quantise.hpp>

#include <algorithm>
#include <cmath>

#include <bloodcell/base/hash.hpp>
#include <bloodcell/base/random.hpp>
#include <bloodcell/infer/session.hpp>
#include <bloodcell/infer/tensor_watch.hpp>
#include <bloodcell/infer/verify.hpp>
#include <bloodcell/model_file/byte_kernels.hpp>
#include <bloodcell/model_file/quantised.hpp>
#include <bloodcell/predict/judge.hpp>

#include "label_places.hpp"
#include "observer.hpp"
#include "value_range.hpp"

namespace bloodcell::predict {

namespace {

using model_file::ModelFile;
using model_file::TensorRange;

constexpr std::size_t kMostInputBytes = 256U << 20;
constexpr std::size_t kRankedBy = 256;  // cells that say which layer disturbs most
constexpr double kMostOtherwise = 0.01;

// The cells that choose, as the network takes them, and what it says of them in float32.
struct Cells {
  std::vector<float> input;
  std::vector<int> truths;
  std::vector<float> logits;
  std::vector<int> named;

  [[nodiscard]] std::size_t count() const { return truths.size(); }
};

struct Outcome {
  double disturbance = 0;  // sum of squared differences of logits
  std::uint64_t right = 0;
  std::uint64_t otherwise = 0;
};

class Quantiser {
 public:
  Quantiser(const Context& context, const ModelFile& model, const data::Dataset& dataset,
            const QuantiseOptions& options, Quantised& done)
      : context_(context), model_(model), dataset_(dataset), options_(options), done_(done) {}

  Result<void> choose(const std::vector<std::size_t>& known, const std::vector<int>& places,
                      const metrics::Scaling& scaling) {
    scaling_ = &scaling;
    BC_ASSIGN(layers_, model_file::quantisable_layers(model_));
    if (layers_.empty()) {
      return fail(ErrorCode::unsupported, "the network has no layer that could be in int8", {},
                  "choose one with convolutions");
    }
    BC_CHECK(take_cells(known, places));
    BC_CHECK(choose_scales());
    BC_CHECK(put_back_layers());
    done_.cells = cells_.count();
    done_.right_float = right_in(cells_.named);
    return {};
  }

 private:
  // Drawn by the seed, in the order of the set.
  Result<void> take_cells(std::vector<std::size_t> known, const std::vector<int>& places) {
    Random random(options_.seed, stream_of("quantise cells"), 0);
    random.shuffle(std::span(known));
    const std::size_t bytes = model_.description.preprocessing.input_values() * sizeof(float);
    known.resize(std::min({known.size(), options_.cells, kMostInputBytes / bytes}));
    std::sort(known.begin(), known.end());
    auto inputs =
        inputs_of(context_, dataset_, known, model_.description.preprocessing, done_.problems);
    if (inputs.samples.empty()) {
      return fail(ErrorCode::usage, "no picture to choose scales by", dataset_.root.string(),
                  "name a split that has a part `train`");
    }
    cells_.input = std::move(inputs.values);
    for (const std::size_t i : inputs.samples) {
      cells_.truths.push_back(places[static_cast<std::size_t>(dataset_.samples[i].label)]);
    }
    BC_ASSIGN(cells_.logits, logits_of(model_, infer::Precision::float32, cells_.count()));
    cells_.named = named_by(cells_.logits);
    return {};
  }

  // Calls run(first, count) for each batch of the first cells.
  template <class Run>
  Result<void> in_batches(std::size_t cells, const Run& run) {
    const auto batch = static_cast<std::size_t>(options_.batch);
    for (std::size_t first = 0; first < cells; first += batch) {
      BC_CHECK(context_.cancellation.check());
      BC_CHECK(run(inputs(first, std::min(batch, cells - first)),
                   static_cast<int>(std::min(batch, cells - first))));
    }
    return {};
  }

  [[nodiscard]] std::span<const float> inputs(std::size_t first, std::size_t count) const {
    const std::size_t values = model_.description.preprocessing.input_values();
    return std::span(cells_.input).subspan(first * values, count * values);
  }

  Result<std::vector<float>> logits_of(const ModelFile& file, infer::Precision precision,
                                       std::size_t cells) {
    BC_ASSIGN(const auto session, infer::Session::open(file, {.threads = context_.pool.size(),
                                                              .precision = precision,
                                                              .cache_folder = {}}));
    std::vector<float> all;
    BC_CHECK(in_batches(cells, [&](std::span<const float> input, int count) -> Result<void> {
      BC_ASSIGN(const auto logits, session.run(input, count));
      all.insert(all.end(), logits.begin(), logits.end());
      return {};
    }));
    return all;
  }

  [[nodiscard]] std::vector<int> named_by(const std::vector<float>& logits) const {
    const std::size_t labels = model_.description.labels.size();
    std::vector<int> named;
    for (std::size_t i = 0; i < logits.size(); i += labels) {
      const auto p = metrics::probabilities_of(std::span(logits).subspan(i, labels), *scaling_);
      named.push_back(static_cast<int>(std::max_element(p.begin(), p.end()) - p.begin()));
    }
    return named;
  }

  [[nodiscard]] std::uint64_t right_in(const std::vector<int>& named) const {
    std::uint64_t right = 0;
    for (std::size_t i = 0; i < named.size(); ++i) right += named[i] == cells_.truths[i] ? 1 : 0;
    return right;
  }

  Result<Outcome> outcome_of(const ModelFile& file, std::size_t cells) {
    BC_ASSIGN(const auto logits, logits_of(file, infer::Precision::int8, cells));
    Outcome outcome;
    for (std::size_t i = 0; i < logits.size(); ++i) {
      outcome.disturbance += std::pow(static_cast<double>(logits[i]) - cells_.logits[i], 2);
    }
    const auto named = named_by(logits);
    outcome.right = right_in(named);
    for (std::size_t i = 0; i < named.size(); ++i) {
      outcome.otherwise += named[i] != cells_.named[i] ? 1 : 0;
    }
    return outcome;
  }

  Result<void> choose_scales() {
    std::vector<std::string> tensors;
    for (const auto& layer : layers_) {
      if (std::find(tensors.begin(), tensors.end(), layer.input) == tensors.end()) {
        tensors.push_back(layer.input);
      }
    }
    BC_ASSIGN(auto watch, infer::TensorWatch::open(model_, tensors, context_.pool.size()));
    std::vector<ValueRange> whole(tensors.size());
    BC_CHECK(in_batches(cells_.count(), [&](std::span<const float> input, int count) {
      return watch.look(input, count, [&](std::size_t i, std::span<const float> values) {
        whole[i].widen(values);
      });
    }));
    std::vector<ValueHistogram> histograms(whole.begin(), whole.end());
    BC_CHECK(in_batches(cells_.count(), [&](std::span<const float> input, int count) {
      return watch.look(input, count, [&](std::size_t i, std::span<const float> values) {
        histograms[i].add(values);
      });
    }));
    std::vector<TensorRange> all_values;
    std::vector<TensorRange> least_error;
    for (std::size_t i = 0; i < tensors.size(); ++i) {
      const auto cut = histograms[i].least_error();
      all_values.push_back({tensors[i], whole[i].low, whole[i].high});
      least_error.push_back({tensors[i], cut.low, cut.high});
    }
    BC_ASSIGN(const double of_all, disturbance_with(all_values));
    BC_ASSIGN(const double of_least, disturbance_with(least_error));
    done_.scales = of_least < of_all ? "least error" : "all values";
    ranges_ = of_least < of_all ? std::move(least_error) : std::move(all_values);
    return {};
  }

  Result<double> disturbance_with(const std::vector<TensorRange>& ranges) {
    BC_ASSIGN(const auto file, model_file::with_int8_layers(model_, outputs(), ranges));
    BC_ASSIGN(const auto outcome, outcome_of(file, cells_.count()));
    return outcome.disturbance;
  }

  [[nodiscard]] std::vector<std::string> outputs() const {
    std::vector<std::string> names;
    for (const auto& layer : layers_) names.push_back(layer.output);
    return names;
  }

  [[nodiscard]] bool is_good(const Outcome& outcome) const {
    const auto count = static_cast<double>(cells_.count());
    const double lost =
        static_cast<double>(right_in(cells_.named)) - static_cast<double>(outcome.right);
    return lost <= model_file::kMostLost * count &&
           static_cast<double>(outcome.otherwise) <= kMostOtherwise * count;
  }

  Result<void> put_back_layers() {
    auto in_int8 = outputs();
    std::vector<std::string> worst_first;
    while (!in_int8.empty()) {
      BC_ASSIGN(auto file, model_file::with_int8_layers(model_, in_int8, ranges_));
      BC_ASSIGN(const auto outcome, outcome_of(file, cells_.count()));
      if (is_good(outcome)) {
        done_.file = std::move(file);
        done_.layers = in_int8.size();
        done_.right_int8 = outcome.right;
        done_.otherwise = outcome.otherwise;
        return {};
      }
      if (worst_first.empty()) {
        BC_ASSIGN(worst_first, ranked());
      }
      const auto& worst = worst_first[done_.left_float.size()];
      done_.left_float.push_back(worst);
      std::erase(in_int8, worst);
    }
    return fail(ErrorCode::mismatch, "each layer in int8 changes too many answers", {},
                "leave the model as it is");
  }

  // Layers by how much each disturbs the logits when it alone is in int8, most first.
  Result<std::vector<std::string>> ranked() {
    const std::size_t cells = std::min(kRankedBy, cells_.count());
    std::vector<std::pair<double, std::string>> all;
    for (const auto& layer : layers_) {
      BC_ASSIGN(const auto file, model_file::with_int8_layers(model_, {layer.output}, ranges_));
      BC_ASSIGN(const auto outcome, outcome_of(file, cells));
      all.emplace_back(-outcome.disturbance, layer.output);
      context_.progress.update({"ranking", all.size(), layers_.size(), "layers", ""});
    }
    context_.progress.finish();
    std::stable_sort(all.begin(), all.end(),
                     [](const auto& a, const auto& b) { return a.first < b.first; });
    std::vector<std::string> names;
    for (auto& [disturbance, name] : all) names.push_back(std::move(name));
    return names;
  }

  const Context& context_;
  const ModelFile& model_;
  const data::Dataset& dataset_;
  const QuantiseOptions& options_;
  Quantised& done_;
  const metrics::Scaling* scaling_ = nullptr;
  std::vector<model_file::QuantisableLayer> layers_;
  std::vector<TensorRange> ranges_;
  Cells cells_;
};

// Right answers in each precision.
Result<std::vector<model_file::PrecisionFigures>> judged(
    const Context& context, const ModelFile& file, const data::Dataset& dataset,
    const std::vector<std::size_t>& samples, const std::vector<int>& places, int batch_size,
    std::vector<Error>& problems) {
  const auto batch = static_cast<std::size_t>(batch_size);
  bool ignored = false;
  BC_ASSIGN(const auto session, open_session(context, file, infer::Precision::float32, ignored));
  BC_ASSIGN(const auto exact,
            observe(context, session, file.description, dataset, samples, places, batch, problems));
  if (exact.logits.truths.empty()) {
    return fail(ErrorCode::usage, "no picture to judge by", dataset.root.string(),
                "name a part that the network did not learn from");
  }
  BC_ASSIGN(const Judge judge, Judge::make(file.description));
  std::vector figures{figures_of(infer::Precision::float32, {&exact.logits}, judge.scaling())};
  BC_ASSIGN(const auto others, measure_other_precisions(context, file, dataset, samples, places,
                                                        judge.scaling(), batch));
  figures.insert(figures.end(), others.begin(), others.end());
  return figures;
}

}  // namespace

Result<Quantised> quantise(const Context& context, const ModelFile& model,
                           const data::Dataset& dataset, const std::vector<std::size_t>& held_out,
                           const std::vector<std::size_t>& known, const QuantiseOptions& options) {
  if (model.description.task != graph::Task::classify) {
    return fail(ErrorCode::unsupported, "a locator has no layers in int8", {},
                "give a model that classifies");
  }
  Quantised done;
  const auto& preprocessing = model.description.preprocessing;
  const auto judging = framed(preprocessing, dataset, held_out, done.without_box);
  const auto choosing = framed(preprocessing, dataset, known, done.without_box);
  BC_ASSIGN(const auto places, label_places(dataset.labels, model.description.labels));
  BC_ASSIGN(const Judge judge, Judge::make(model.description));
  const auto& scaling = judge.scaling();
  BC_CHECK(Quantiser(context, model, dataset, options, done).choose(choosing, places, scaling));

  auto description = done.file.description;
  BC_ASSIGN(description.precisions,
            judged(context, done.file, dataset, judging, places, options.batch, done.problems));
  description.provenance["int8"] = {{"from_sha256", sha256(model.onnx)},
                                    {"layers", done.layers},
                                    {"left_float", done.left_float},
                                    {"scales", done.scales},
                                    {"cells", done.cells},
                                    {"seed", options.seed}};
  BC_ASSIGN(done.file, model_file::with_description(done.file, std::move(description)));
  return done;
}

Result<Stored> store_as_bytes(const Context& context, const ModelFile& model,
                              const data::Dataset& dataset,
                              const std::vector<std::size_t>& held_out, int batch) {
  Stored done;
  BC_ASSIGN(done.file, model_file::with_byte_kernels(model));
  auto description = done.file.description;
  const auto samples = framed(description.preprocessing, dataset, held_out, done.without_box);
  BC_ASSIGN(const auto places, label_places(dataset.labels, description.labels));
  BC_ASSIGN(const auto session, infer::Session::open(done.file, {.cache_folder = {}}));
  BC_ASSIGN(description.golden, infer::golden_again(session, model.description));
  BC_ASSIGN(description.precisions,
            judged(context, done.file, dataset, samples, places, batch, done.problems));
  description.provenance["bytes"] = {{"from_sha256", sha256(model.onnx)}};
  BC_ASSIGN(done.file, model_file::with_description(done.file, std::move(description)));
  return done;
}

}  // namespace bloodcell::predict
