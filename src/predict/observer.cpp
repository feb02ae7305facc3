#include "observer.hpp"

#include <algorithm>

#include <bloodcell/data/loader.hpp>

namespace bloodcell::predict {

Result<infer::Session> open_session(const Context& context, const model_file::ModelFile& model,
                                    infer::Precision precision, bool& has_embedding) {
  infer::SessionOptions options{
      .threads = context.pool.size(), .precision = precision, .cache_folder = {}};
  options.keep_embedding = true;
  auto session = infer::Session::open(model, options);
  has_embedding = session.has_value();
  if (session || session.error().code != ErrorCode::unsupported) return session;
  options.keep_embedding = false;
  return infer::Session::open(model, options);
}

std::vector<std::size_t> framed(const image::Preprocessing& preprocessing,
                                const data::Dataset& dataset, std::vector<std::size_t> samples,
                                std::uint64_t& without_box) {
  if (preprocessing.cell_margin == 0) return samples;
  without_box += std::erase_if(samples, [&](std::size_t i) { return !dataset.samples[i].box; });
  return samples;
}

CellInputs inputs_of(const Context& context, const data::Dataset& dataset,
                     std::span<const std::size_t> samples,
                     const image::Preprocessing& preprocessing, std::vector<Error>& problems) {
  std::vector<Result<image::Image>> frames(samples.size());
  context.pool.for_each(samples.size(), [&](std::size_t i) {
    frames[i] =
        data::load_frame(dataset, dataset.samples[samples[i]], preprocessing, context.limits);
  });
  CellInputs inputs;
  for (std::size_t i = 0; i < samples.size(); ++i) {
    if (!frames[i]) {
      problems.push_back(with_path(frames[i].error(), dataset.samples[samples[i]].file));
      continue;
    }
    const std::size_t values = preprocessing.input_values();
    inputs.values.resize(inputs.values.size() + values);
    image::preprocess(*frames[i], preprocessing, std::span(inputs.values).last(values));
    inputs.samples.push_back(samples[i]);
  }
  return inputs;
}

namespace {

Result<void> observe_batch(const infer::Session& session, const CellInputs& inputs,
                           const image::Preprocessing& preprocessing, const data::Dataset& dataset,
                           const std::vector<int>& places, Observed& observed) {
  if (inputs.samples.empty()) return {};
  const std::size_t values = preprocessing.input_values();
  for (std::size_t i = 0; i < inputs.samples.size(); ++i) {
    const auto one = std::span(inputs.values).subspan(i * values, values);
    const auto& sample = dataset.samples[inputs.samples[i]];
    observed.measures.push_back(measures_of(image::seen_picture(one, preprocessing)));
    observed.logits.truths.push_back(places[static_cast<std::size_t>(sample.label)]);
    observed.logits.families.push_back(sample.family);
  }
  BC_ASSIGN(const auto looked,
            session.look(inputs.values, static_cast<int>(inputs.samples.size())));
  observed.logits.logits.insert(observed.logits.logits.end(), looked.logits.begin(),
                                looked.logits.end());
  observed.embeddings.insert(observed.embeddings.end(), looked.embedding.begin(),
                             looked.embedding.end());
  return {};
}

}  // namespace

Result<Observed> observe(const Context& context, const infer::Session& session,
                         const model_file::Description& description, const data::Dataset& dataset,
                         const std::vector<std::size_t>& samples, const std::vector<int>& places,
                         std::size_t batch, std::vector<Error>& problems) {
  Observed observed;
  observed.logits.classes = static_cast<int>(description.labels.size());
  for (std::size_t first = 0; first < samples.size(); first += batch) {
    BC_CHECK(context.cancellation.check());
    const std::size_t here = std::min(batch, samples.size() - first);
    const auto inputs = inputs_of(context, dataset, std::span(samples).subspan(first, here),
                                  description.preprocessing, problems);
    BC_CHECK(observe_batch(session, inputs, description.preprocessing, dataset, places, observed));
    context.progress.update({"looking", first + here, samples.size(), "images", ""});
  }
  context.progress.finish();
  return observed;
}

model_file::PrecisionFigures figures_of(infer::Precision precision,
                                        const std::vector<const metrics::LogitTable*>& tables,
                                        const metrics::Scaling& scaling) {
  model_file::PrecisionFigures figures{std::string(infer::name_of(precision)), 0, 0};
  for (const auto* table : tables) {
    const auto classes = static_cast<std::size_t>(table->classes);
    for (std::size_t i = 0; i < table->truths.size(); ++i) {
      const auto p = metrics::probabilities_of(
          std::span(table->logits).subspan(i * classes, classes), scaling);
      const auto named = std::max_element(p.begin(), p.end()) - p.begin();
      ++figures.cells;
      figures.right += named == table->truths[i] ? 1 : 0;
    }
  }
  return figures;
}

Result<std::vector<model_file::PrecisionFigures>> measure_other_precisions(
    const Context& context, const model_file::ModelFile& model, const data::Dataset& dataset,
    const std::vector<std::size_t>& samples, const std::vector<int>& places,
    const metrics::Scaling& scaling, std::size_t batch) {
  std::vector<model_file::PrecisionFigures> measured;
  for (const auto precision : {infer::Precision::bfloat16, infer::Precision::int8}) {
    bool ignored = false;
    const auto session = open_session(context, model, precision, ignored);
    if (!session && session.error().code == ErrorCode::unsupported)
      continue;  // cannot be told here
    if (!session) return tl::unexpected(session.error());
    std::vector<Error> told_before;
    BC_ASSIGN(const auto observed, observe(context, *session, model.description, dataset, samples,
                                           places, batch, told_before));
    measured.push_back(figures_of(precision, {&observed.logits}, scaling));
  }
  return measured;
}

}  // namespace bloodcell::predict
