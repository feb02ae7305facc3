#include <bloodcell/explain/explainer.hpp>

#include <algorithm>

#include <bloodcell/predict/cells.hpp>

namespace bloodcell::explain {

namespace {

Result<int> place_of(const std::string& label, const std::vector<std::string>& labels) {
  if (label.empty()) return -1;
  const auto found = std::find(labels.begin(), labels.end(), label);
  if (found != labels.end()) return static_cast<int>(found - labels.begin());
  return fail(ErrorCode::usage, fmt::format("the model has no class `{}`", label), {},
              fmt::format("it has {}", fmt::join(labels, ", ")));
}

// The most probable class but one.
int best_but(const std::vector<double>& probabilities, int but) {
  int best = -1;
  for (int i = 0; i < static_cast<int>(probabilities.size()); ++i) {
    if (i == but) continue;
    if (best < 0 || probabilities[static_cast<std::size_t>(i)] >
                        probabilities[static_cast<std::size_t>(best)]) {
      best = i;
    }
  }
  return best;
}

struct Opened {
  infer::Session session;
  Method method;
};

Result<Opened> open_session(const model_file::ModelFile& model, const ExplainOptions& options,
                            bool needs_embedding) {
  infer::SessionOptions how{.threads = 1, .cache_folder = options.cache_folder};
  how.keep_embedding = needs_embedding;
  how.keep_maps = options.method.value_or(Method::cam) == Method::cam;
  auto session = infer::Session::open(model, how);
  if (!session && !options.method && session.error().code == ErrorCode::unsupported) {
    how.keep_maps = false;
    BC_ASSIGN(auto without, infer::Session::open(model, how));
    return Opened{std::move(without), Method::rise};
  }
  if (!session) return tl::unexpected(std::move(session).error());
  return Opened{std::move(*session), options.method.value_or(Method::cam)};
}

}  // namespace

Explainer::Explainer(model_file::Description description, infer::Session session,
                     predict::Judge judge, std::optional<locate::Locator> locator,
                     std::optional<predict::SecondReader> second, Method method,
                     ExplainOptions options, std::unique_ptr<Neighbours> neighbours, int of_class)
    : description_(std::move(description)),
      session_(std::move(session)),
      judge_(std::move(judge)),
      locator_(std::move(locator)),
      second_(std::move(second)),
      method_(method),
      options_(std::move(options)),
      neighbours_(std::move(neighbours)),
      of_class_(of_class) {}

Result<Explainer> Explainer::open(const Context& context, const model_file::ModelFile& model,
                                  const ExplainOptions& options, std::optional<CellIndex> index) {
  const auto& description = model.description;
  if (description.task != graph::Task::classify || description.labels.size() < 2) {
    return fail(ErrorCode::usage,
                fmt::format("`{}` does not choose between classes", description.name), {},
                "give a model that classifies");
  }
  BC_ASSIGN(const int of_class, place_of(options.of_class, description.labels));
  BC_ASSIGN(auto judge, predict::Judge::make(description));
  if (index && index->graph_sha256 != description.graph_sha256) {
    return fail(ErrorCode::mismatch,
                fmt::format("the index was made with another network (`{}`)", index->model), {},
                "make it again with bloodcell index and this model");
  }
  BC_ASSIGN(auto opened,
            open_session(model, options, judge.needs_embedding() || index.has_value()));
  BC_ASSIGN(auto locator, predict::locator_of(model, options.locator,
                                              {.precision = options.locates_in,
                                               .cache_folder = options.cache_folder},
                                              context.limits));
  std::optional<predict::SecondReader> second;
  if (options.reads_twice) {
    second = predict::SecondReader::of(description, model.second,
                                       {.cache_folder = options.cache_folder}, context.limits);
  }
  auto neighbours = index ? std::make_unique<Neighbours>(std::move(*index)) : nullptr;
  return Explainer(description, std::move(opened.session), std::move(judge), std::move(locator),
                   std::move(second), opened.method, options, std::move(neighbours), of_class);
}

Result<std::vector<ExplainedCell>> Explainer::explain(const image::Image& picture,
                                                      std::string_view file, const Ask& ask) const {
  if (picture.empty()) return fail(ErrorCode::usage, "an empty picture");
  BC_ASSIGN(const int asked, place_of(ask.of_class, description_.labels));
  predict::StageTimes times;
  predict::StageClock clock(times);
  BC_ASSIGN(auto seen, predict::see_cells(picture, wanted(), locator_ ? &*locator_ : nullptr,
                                          options_.shows, clock));
  const int found = static_cast<int>(seen.size());
  const int first = ask.cell.value_or(0);
  if (first < 0 || (ask.cell && first >= found)) {
    return fail(ErrorCode::not_found, fmt::format("no cell {} among the {} found", first, found),
                {}, "cells are numbered from 0, as predict numbers them");
  }
  const int end = ask.cell ? first + 1 : found;
  if (static_cast<std::size_t>(end - first) > ask.most_cells) {
    return fail(ErrorCode::limit_exceeded,
                fmt::format("{} cells, at most {} are explained at once", found, ask.most_cells),
                {}, "ask for one cell");
  }
  std::vector<ExplainedCell> cells;
  for (int i = first; i < end; ++i) {
    BC_ASSIGN(auto cell, explain(std::move(seen[static_cast<std::size_t>(i)]),
                                 ask.method.value_or(method_), asked < 0 ? of_class_ : asked));
    cell.file = file;
    cell.cell = i;
    cells.push_back(std::move(cell));
  }
  return cells;
}

Result<ExplainedCell> Explainer::explain(predict::SeenCell seen, Method method,
                                         int of_class) const {
  std::vector<float> input(description_.preprocessing.input_values());
  image::preprocess(seen.frame, description_.preprocessing, input);
  BC_ASSIGN(const auto looked, session_.look(input, 1));
  ExplainedCell cell;
  cell.box = seen.box;
  cell.is_cut = seen.is_cut;
  cell.frame = std::move(seen.frame);
  auto probabilities = judge_.probabilities(looked.logits);
  if (second_) {
    const image::Image* framed = &seen.framed;
    BC_CHECK(second_->read_unsure(judge_, std::span(&framed, 1), std::span(&probabilities, 1)));
  }
  cell.verdict = judge_.verdict(probabilities, looked.embedding, input);
  cell.second = best_but(cell.verdict.probabilities, cell.verdict.class_index);
  cell.method = method;
  const int shown = of_class < 0 ? cell.verdict.class_index : of_class;
  const std::vector<int> classes{shown, best_but(cell.verdict.probabilities, shown)};
  BC_ASSIGN(auto maps,
            heat_maps(session_, description_.preprocessing, input, classes, method, options_.heat));
  for (std::size_t i = 0; i < maps.size(); ++i) {
    cell.maps.push_back({classes[i], std::move(maps[i])});
  }
  if (neighbours_) cell.near = neighbours_->nearest(looked.embedding, options_.neighbours);
  return cell;
}

}  // namespace bloodcell::explain
