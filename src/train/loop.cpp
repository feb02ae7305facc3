#include "loop.hpp"

#include <sys/resource.h>

#include <utility>

#include <bloodcell/base/files.hpp>
#include <bloodcell/base/hash.hpp>
#include <bloodcell/base/random.hpp>
#include <bloodcell/train/mixing.hpp>
#include <bloodcell/train/sampling.hpp>
#include <bloodcell/train/schedule.hpp>
#include <bloodcell/train/tensorboard.hpp>

#include "share.hpp"

namespace bloodcell::train {
namespace {

using Seconds = std::chrono::duration<double>;

std::size_t epoch_images(const Config& config, const Parts& parts) {
  return config.epoch_images > 0 ? static_cast<std::size_t>(config.epoch_images)
                                 : parts.train.size();
}

data::LoaderOptions learning_options(const Config& config, const data::Dataset& dataset,
                                     const Parts& parts, const Group& group) {
  data::LoaderOptions options;
  // What is mixed has partners in the whole batch.
  if (group.size() > 1 && config.mixup == 0 && config.cutmix == 0) {
    options.share = [each = config.accumulate, rank = group.rank(), size = group.size()](
                        std::size_t count) { return share_of(count, each, rank, size); };
  }
  options.preprocessing = config.preprocessing;
  options.augmentation = data::augmentation_named(config.augmentation).value();  // check()ed
  options.batch = config.batch;
  options.shuffle = true;
  options.seed = config.seed;
  if (config.sampling != "all") {
    options.epoch_images = epoch_images(config, parts);
    const auto sources = config.sampling == "sources" ? Sources::evened : Sources::as_they_are;
    options.order = [balanced = BalancedOrder(dataset, parts.train, sources), seed = config.seed,
                     count = options.epoch_images](std::uint64_t epoch) {
      return balanced.of_epoch(seed, epoch, count);
    };
  }
  return options;
}

data::LoaderOptions judging_options(const Config& config) {
  data::LoaderOptions options;
  options.preprocessing = config.preprocessing;
  options.batch = config.batch;
  return options;
}

// The same order of the same samples, but their features in place of the pictures.
// first: of the loader's samples, among those that the features are of.
data::LoaderOptions of_features(data::LoaderOptions options, const Features* features,
                                std::size_t first = 0) {
  if (features == nullptr) return options;
  options.made_values = features->values();
  options.made_input = [features, first](std::uint64_t epoch, std::size_t position,
                                         std::span<float> input) {
    features->copy(epoch, first + position, input);
  };
  return options;
}

// Whole batches, as one process would judge them.
data::BatchShare watched_by(const Group& group, std::size_t images, int batch) {
  const auto size = static_cast<std::size_t>(batch);
  const auto rank = static_cast<std::size_t>(group.rank());
  const auto all = static_cast<std::size_t>(group.size());
  const std::size_t batches = (images + size - 1) / size;
  const std::size_t first = std::min(images, rank * batches / all * size);
  const std::size_t end = std::min(images, (rank + 1) * batches / all * size);
  return {first, end - first};
}

std::vector<std::size_t> some_of(const std::vector<std::size_t>& all, data::BatchShare share) {
  const auto first = all.begin() + static_cast<std::ptrdiff_t>(share.first);
  return {first, first + static_cast<std::ptrdiff_t>(share.count)};
}

std::uint64_t dropout_seed(std::uint64_t seed, std::int64_t steps) {
  Random random(seed, stream_of("dropout"), static_cast<std::uint64_t>(steps));
  const std::uint64_t high = random.bits();
  return high << 32 | random.bits();
}

// Resident, of the process so far.
double peak_memory_mb() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<double>(usage.ru_maxrss) * 1024 / 1e6;
}

}  // namespace

Loop::Loop(const Context& context, const RunDirectory& run, const data::Dataset& dataset,
           const Parts& parts, Learner learner, std::optional<Teachers> teachers,
           KeptFeatures features, std::vector<LearningStage> stages, Group& group)
    : context_(context),
      run_(run),
      dataset_(dataset),
      parts_(parts),
      group_(group),
      features_(std::move(features)),
      epoch_images_(epoch_images(run.config(), parts)),
      loader_(context, dataset, parts.train,
              of_features(learning_options(run.config(), dataset, parts, group),
                          features_.train.get())),
      watched_(watched_by(group, parts.validation.size(), run.config().batch)),
      validation_loader_(
          context, dataset, some_of(parts.validation, watched_),
          of_features(judging_options(run.config()), features_.validation.get(), watched_.first)),
      learner_(std::move(learner)),
      teachers_(std::move(teachers)),
      stages_(std::move(stages)) {}

bool Loop::finished() const {
  const int done = state_.epoch - 1;
  return done >= config().epochs ||
         (config().patience > 0 && done - state_.best_epoch >= config().patience);
}

bool Loop::is_best(const EpochRecord& record) const {
  if (state_.best_epoch == 0) return true;
  const auto& best = state_.history[static_cast<std::size_t>(state_.best_epoch) - 1];
  return monitored(config(), record) > monitored(config(), best);
}

double Loop::learning_rate(std::int64_t steps) const {
  return learning_rate_at(config(),
                          {steps, static_cast<std::int64_t>(loader_.batches()), &state_.history});
}

Summary Loop::summary() const {
  Summary summary;
  summary.best_epoch = state_.best_epoch;
  summary.epochs_run = state_.epoch - 1;
  summary.stopped_early = summary.epochs_run < config().epochs;
  for (const auto& record : state_.history) summary.seconds += record.seconds;
  summary.best = state_.history[static_cast<std::size_t>(state_.best_epoch) - 1];
  return summary;
}

Result<void> Loop::resume(const Limits& limits) {
  const auto path = run_.last_checkpoint();
  std::error_code error;
  constexpr std::string_view kThereIsOne = "+";  // an empty file is one, too
  std::string told;
  Result<void> read;
  if (group_.leads() && std::filesystem::exists(path, error)) {
    auto bytes = read_file(path, limits.max_file_bytes);
    if (!bytes) read = tl::unexpected(with_path(bytes.error(), path.string()));
    told = kThereIsOne;
    if (bytes) told.append(reinterpret_cast<const char*>(bytes->data()), bytes->size());
  }
  BC_CHECK(group_.agree(read));
  BC_ASSIGN(told, group_.from_first(std::move(told)));
  if (told.empty()) return {};
  BC_ASSIGN(auto checkpoint,
            checkpoint_from(std::as_bytes(std::span(told)).subspan(kThereIsOne.size()), path,
                            config(), limits));
  state_ = checkpoint.state;
  const auto batches = static_cast<std::int64_t>(loader_.batches());
  const auto next = static_cast<std::int64_t>(state_.next_batch);
  if (next > batches || checkpoint.learner.optimiser.steps != (state_.epoch - 1) * batches + next) {
    return fail(
        ErrorCode::mismatch,
        fmt::format("stands at batch {} of epoch {}, which does not fit {} batches an epoch", next,
                    state_.epoch, batches),
        path.string());
  }
  if (auto restored = learner_.restore(checkpoint.learner); !restored) {
    return tl::unexpected(with_path(restored.error(), path.string()));
  }
  if (!group_.leads()) return {};
  BC_CHECK(restore_best());
  return run_.write_history(state_.history);
}

// The best weights are written after the checkpoint that knows of them. A run that ended between
// the two finds them in that checkpoint.
Result<void> Loop::restore_best() {
  if (state_.best_epoch == 0) return {};
  if (state_.next_batch == 0 && state_.best_epoch == state_.epoch - 1) {
    return save_best(run_.best_weights(), config(), state_.history.back(),
                     learner_.answering_weights());
  }
  BC_ASSIGN(const auto best, load_best(run_.best_weights(), context_.limits));
  if (best.epoch == state_.best_epoch) return {};
  return fail(ErrorCode::mismatch,
              fmt::format("holds epoch {}, but the checkpoint's best epoch is {}", best.epoch,
                          state_.best_epoch),
              run_.best_weights().string(), "put back the file that belongs to this run");
}

Result<void> Loop::fill_features() {
  if (!features_.train || finished()) return {};
  const auto backbone = [this](std::span<const float> images, int count) {
    return learner_.features(images, count);
  };
  BC_CHECK(features_.train->fill(context_, dataset_, parts_.train,
                                 learning_options(config(), dataset_, parts_, Group()), backbone));
  return features_.validation->fill(context_, dataset_, parts_.validation,
                                    judging_options(config()), backbone);
}

Result<Summary> Loop::run(const EpochListener& on_epoch) {
  BC_CHECK(group_.agree(fill_features()));
  while (!finished()) {
    BC_CHECK(learn_epoch());
    auto record = judge_epoch();
    count_time();
    if (!record && record.error().code == ErrorCode::cancelled) return stop();
    if (!record) return tl::unexpected(record.error());
    record->seconds = state_.seconds;
    BC_CHECK(group_.agree(close_epoch(*record)));
    BC_CHECK(check_weights_are_the_same());
    context_.progress.finish();
    if (on_epoch) on_epoch(*record);
  }
  return summary();
}

// Also after a resume, where the stages before are passed through again.
void Loop::unfreeze() {
  if (stages_.size() == 1) return;
  for (const auto& stage : stages_) {
    if (stage.epoch > state_.epoch) break;
    learner_.learn_from(stage.first,
                        (stage.epoch - 1) * static_cast<std::int64_t>(loader_.batches()));
  }
}

Result<void> Loop::learn_epoch() {
  unfreeze();
  const auto batches = loader_.batches();
  if (state_.next_batch < batches) {
    loader_.start(static_cast<std::uint64_t>(state_.epoch), state_.next_batch);
  }
  while (state_.next_batch < batches) {
    auto batch = next_batch();
    const auto all_well = group_.agree(batch ? Result<void>{} : tl::unexpected(batch.error()));
    if (!all_well && all_well.error().code == ErrorCode::cancelled) return stop();
    if (!all_well) return tl::unexpected(all_well.error());
    if (!*batch) return fail(ErrorCode::internal, "the loader ended before its epoch");
    BC_CHECK(learn_batch(**batch));
    const bool due = config().checkpoint_seconds > 0 &&
                     Clock::now() - last_save_ >= Seconds(config().checkpoint_seconds);
    if (due && state_.next_batch < batches) BC_CHECK(save());
  }
  return {};
}

Result<std::optional<data::Batch>> Loop::next_batch() {
  const auto begin = Clock::now();
  auto batch = loader_.next();
  state_.waiting_seconds += Seconds(Clock::now() - begin).count();
  return batch;
}

// Mixed as the step's number says, shown to the teachers, learned.
Result<StepResult> Loop::step(data::Batch& batch) {
  const auto steps = learner_.steps();
  MixedLabels mixed{{}, batch.labels};
  const auto share =
      share_of(batch.labels.size(), config().accumulate, group_.rank(), group_.size());
  std::span<const float> images = batch.images;
  if (config().mixup > 0 || config().cutmix > 0) {
    const auto& input = config().preprocessing;
    mixed = mix(batch.images, batch.labels, input.height_px, input.width_px,
                static_cast<int>(dataset_.labels.size()), {config().mixup, config().cutmix},
                Random(config().seed, stream_of("mix"), static_cast<std::uint64_t>(steps)));
  }
  if (batch.share.count != share.count) {
    const std::size_t values = batch.images.size() / batch.share.count;
    images = images.subspan(share.first * values, share.count * values);
  }
  const auto count = static_cast<int>(share.count);
  if (config().tensorboard && state_.next_batch == 0 && group_.leads()) {
    pictures_ = pictures_of(images, count, config().preprocessing);
  }
  std::vector<float> teacher;
  if (teachers_ && count > 0) {
    BC_ASSIGN(teacher, teachers_->logits(images, count));
  }
  return learner_.step({images, mixed.labels, mixed.shares, teacher}, learning_rate(steps),
                       dropout_seed(config().seed, steps));
}

Result<void> Loop::learn_batch(data::Batch& batch) {
  const auto begin = Clock::now();
  auto result = step(batch);
  if (!result && group_.is_broken()) return tl::unexpected(result.error());  // no picture's fault
  if (!result) return tl::unexpected(told_of_batch(std::move(result).error(), batch));
  ++state_.next_batch;
  state_.loss_sum += result->loss * batch.count;
  state_.gradient_norm_sum += result->gradient_norm;
  state_.right += static_cast<std::uint64_t>(result->right);
  state_.seen += static_cast<std::uint64_t>(batch.count);
  state_.training_seconds += Seconds(Clock::now() - begin).count();
  show_progress(state_.loss_sum / static_cast<double>(state_.seen));
  return {};
}

// Names the batch, and the pictures whose loss was not finite, or all of them.
Error Loop::told_of_batch(Error error, const data::Batch& batch) const {
  constexpr std::size_t kMostNamed = 5;
  std::vector<std::string> files;
  const auto& strange = learner_.strange();
  const std::size_t count = strange.empty() ? batch.samples.size() : strange.size();
  for (std::size_t i = 0; i < std::min(count, kMostNamed); ++i) {
    files.push_back(dataset_.samples[batch.samples[strange.empty() ? i : strange[i]]].file);
  }
  error.message = fmt::format(
      "epoch {}, batch {} of {} ({}{}): {}", state_.epoch, state_.next_batch + 1, loader_.batches(),
      fmt::join(files, ", "),
      count > kMostNamed ? fmt::format(" and {} more", count - kMostNamed) : std::string(),
      error.message);
  return error;
}

void Loop::show_progress(double loss) const {
  context_.progress.update(
      {fmt::format("epoch {} of {}", state_.epoch, config().epochs), state_.seen, epoch_images_,
       "images",
       fmt::format("loss {:.3f}, {:.0f} images/s", loss,
                   static_cast<double>(state_.seen) / state_.training_seconds)});
}

// Each process judges its share; adding tables that are 0 elsewhere puts them together exactly.
Result<LabelledLogits> Loop::judge_all() {
  auto own = collect_logits(context_, dataset_, validation_loader_, [this](auto images, int count) {
    return learner_.logits(images, count);
  });
  BC_CHECK(group_.agree(own ? Result<void>{} : tl::unexpected(own.error())));
  if (group_.size() == 1) return own;
  const std::size_t classes = dataset_.labels.size();
  LabelledLogits all{{}, {}, parts_.validation};
  for (const auto sample : all.samples) all.truths.push_back(dataset_.samples[sample].label);
  all.logits.resize(all.samples.size() * classes);
  std::copy(own->logits.begin(), own->logits.end(),
            all.logits.begin() + static_cast<std::ptrdiff_t>(watched_.first * classes));
  BC_CHECK(group_.sum(std::span(all.logits)));
  return all;
}

// What all processes compute alike, they must compute the same.
Result<void> Loop::check_weights_are_the_same() {
  if (group_.size() == 1) return {};
  const std::string mine = sha256(graph::write_safetensors({learner_.state().weights, {}}));
  BC_ASSIGN(const auto first, group_.from_first(mine));
  Result<void> same;
  if (mine != first) {
    same = fail(ErrorCode::mismatch,
                fmt::format("after epoch {} the weights of process {} are not those of process 0",
                            state_.epoch - 1, group_.rank()),
                {}, "run the same version with the same libtorch on processors of one kind");
  }
  return group_.agree(same);
}

Result<EpochRecord> Loop::judge_epoch() {
  BC_ASSIGN(const auto found, judge_all());
  const auto seen = static_cast<double>(state_.seen);
  EpochRecord record;
  record.epoch = state_.epoch;
  record.learning_rate = learning_rate(learner_.steps() - 1);
  record.train_loss = state_.loss_sum / seen;
  record.train_accuracy = static_cast<double>(state_.right) / seen;
  record.gradient_norm = state_.gradient_norm_sum / static_cast<double>(loader_.batches());
  record.waiting_seconds = state_.waiting_seconds;
  record.peak_memory_mb = peak_memory_mb();
  record.images_per_second = seen / state_.training_seconds;
  judge(dataset_, found, record);
  return record;
}

Result<void> Loop::tell_tensorboard(const EpochRecord& record) const {
  BC_ASSIGN(const auto events,
            epoch_as_events({record, dataset_.labels, learner_.answering_weights(), pictures_},
                            seconds_since_1970()));
  return write_file(event_file(run_.folder(), record.epoch), events);
}

Result<void> Loop::close_epoch(const EpochRecord& record) {
  const bool best = is_best(record);
  if (config().tensorboard && group_.leads()) BC_CHECK(tell_tensorboard(record));
  RunState next;
  next.epoch = state_.epoch + 1;
  next.best_epoch = best ? record.epoch : state_.best_epoch;
  next.history = std::move(state_.history);
  next.history.push_back(record);
  state_ = std::move(next);
  BC_CHECK(save());
  if (!group_.leads()) return {};
  if (best)
    BC_CHECK(save_best(run_.best_weights(), config(), record, learner_.answering_weights()));
  return run_.write_history(state_.history);
}

void Loop::count_time() {
  const auto now = Clock::now();
  state_.seconds += Seconds(now - counted_to_).count();
  counted_to_ = now;
}

Result<void> Loop::save() {
  count_time();
  if (!group_.leads()) return {};
  BC_CHECK(save_checkpoint(run_.last_checkpoint(), config(), {state_, learner_.state()}));
  last_save_ = Clock::now();
  return {};
}

tl::unexpected<Error> Loop::stop() {
  context_.progress.finish();
  if (auto saved = save(); !saved) return tl::unexpected(saved.error());
  return fail(ErrorCode::cancelled,
              fmt::format("stopped in epoch {} after {} of {} batches; all of it is saved",
                          state_.epoch, state_.next_batch, loader_.batches()));
}

}  // namespace bloodcell::train
