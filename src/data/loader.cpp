#include <bloodcell/data/loader.hpp>

#include <algorithm>
#include <atomic>
#include <cassert>
#include <condition_variable>
#include <deque>
#include <limits>
#include <mutex>
#include <numeric>
#include <span>
#include <thread>
#include <utility>

#include <bloodcell/base/random.hpp>
#include <bloodcell/image/decode.hpp>
#include <bloodcell/image/frame.hpp>

namespace bloodcell::data {

namespace {

// Decoded pictures by their position in the loader's list, as far as the budget reaches.
class FrameCache {
 public:
  FrameCache(std::size_t positions, std::uint64_t budget_bytes)
      : frames_(positions),
        asked_(positions),
        left_bytes_(static_cast<std::int64_t>(
            std::min<std::uint64_t>(budget_bytes, std::numeric_limits<std::int64_t>::max()))) {}

  // The picture that is kept at a position; null when there is none. The first call for a position
  // runs `read` and keeps what it gives while others for the same one wait.
  template <class Read>
  const image::Image* find_or(std::size_t position, Read read) {
    std::call_once(asked_[position], [&] {
      image::Image* const frame = read();
      if (frame != nullptr) keep(position, *frame);
    });
    return frames_[position].empty() ? nullptr : &frames_[position];
  }

 private:
  // Takes the frame unless the budget is spent.
  void keep(std::size_t position, image::Image& frame) {
    const auto bytes = static_cast<std::int64_t>(frame.rgb.size());
    if (left_bytes_.fetch_sub(bytes) < bytes) {
      left_bytes_.fetch_add(bytes);
      return;
    }
    frames_[position] = std::move(frame);
  }

  std::vector<image::Image> frames_;
  std::vector<std::once_flag> asked_;
  std::atomic<std::int64_t> left_bytes_;
};

// Shuffled epochs of a set whose pictures weigh differently are drawn by weight.
LoaderOptions by_weight(LoaderOptions options, const Dataset& dataset,
                        const std::vector<std::size_t>& samples) {
  const auto differs = [&](std::size_t sample) {
    return dataset.samples[sample].weight != dataset.samples[samples.front()].weight;
  };
  const bool wanted = options.shuffle && !options.order;
  if (!wanted || std::none_of(samples.begin(), samples.end(), differs)) return options;
  options.epoch_images = samples.size();
  options.order = [&dataset, &samples, seed = options.seed](std::uint64_t epoch) {
    return weighted_order(dataset, samples, seed, epoch);
  };
  return options;
}

}  // namespace

// One thread of its own makes batch after batch, each on the pool, and waits while `prefetch` of
// them lie ready.
struct Loader::Impl {
  Impl(const Context& given_context, const Dataset& given_dataset,
       std::vector<std::size_t> given_samples, LoaderOptions given_options)
      : context(given_context),
        dataset(given_dataset),
        samples(std::move(given_samples)),
        options(by_weight(std::move(given_options), dataset, samples)),
        cache(samples.size(), context.limits.cache_bytes) {
    assert(options.batch >= 1 && options.prefetch >= 1);
  }

  ~Impl() { stop(); }

  [[nodiscard]] std::size_t epoch_images() const {
    return options.order ? options.epoch_images : samples.size();
  }

  [[nodiscard]] std::size_t batches() const {
    const auto batch = static_cast<std::size_t>(options.batch);
    return (epoch_images() + batch - 1) / batch;
  }

  [[nodiscard]] std::vector<std::size_t> order_of_epoch() const {
    if (options.order) return options.order(epoch);
    std::vector<std::size_t> all(samples.size());
    std::iota(all.begin(), all.end(), std::size_t{0});
    if (options.shuffle) {
      Random(options.seed, stream_of("shuffle"), epoch).shuffle(std::span(all));
    }
    return all;
  }

  void stop() {
    {
      const std::lock_guard lock(mutex);
      stopping = true;
    }
    changed.notify_all();
    if (maker.joinable()) maker.join();
  }

  void start(std::uint64_t new_epoch, std::size_t first_batch) {
    stop();
    epoch = new_epoch;
    order = order_of_epoch();
    assert(order.size() == epoch_images());
    ready.clear();
    stopping = false;
    failure.reset();
    left = batches() - std::min(first_batch, batches());
    if (left > 0) maker = std::thread([this, first_batch] { make_batches(first_batch); });
  }

  // Runs on `maker`. Ends after the last batch, the first error or on stop().
  void make_batches(std::size_t first_batch) {
    for (std::size_t i = first_batch; i < batches(); ++i) {
      {
        std::unique_lock lock(mutex);
        const auto room = static_cast<std::size_t>(options.prefetch);
        changed.wait(lock, [&] { return stopping || ready.size() < room; });
        if (stopping) return;
      }
      Result<Batch> batch = make_batch(i);
      const bool failed = !batch;
      {
        const std::lock_guard lock(mutex);
        ready.push_back(std::move(batch));
      }
      changed.notify_all();
      if (failed) return;
    }
  }

  Result<Batch> make_batch(std::size_t number) {
    const std::size_t first = number * static_cast<std::size_t>(options.batch);
    const std::size_t count =
        std::min(static_cast<std::size_t>(options.batch), order.size() - first);
    const std::size_t values =
        options.made_input ? options.made_values : options.preprocessing.input_values();
    Batch batch;
    batch.share = options.share ? options.share(count) : BatchShare{0, count};
    batch.images.resize(batch.share.count * values);
    batch.labels.resize(count);
    batch.samples.resize(count);
    batch.count = static_cast<int>(count);
    for (std::size_t i = 0; i < count; ++i) {
      batch.samples[i] = samples[order[first + i]];
      batch.labels[i] = dataset.samples[batch.samples[i]].label;
    }
    std::vector<std::optional<Error>> errors(batch.share.count);
    context.pool.for_each(batch.share.count, [&](std::size_t i) {
      if (stopping.load(std::memory_order_relaxed) || context.cancellation.requested()) return;
      auto made = make_input(first + batch.share.first + i,
                             std::span(batch.images).subspan(i * values, values));
      if (!made) errors[i] = std::move(made).error();
    });
    BC_CHECK(context.cancellation.check());
    for (auto& error : errors) {
      if (error) return tl::unexpected(std::move(*error));
    }
    return batch;
  }

  Result<image::Image> read(std::size_t position) const {
    return load_frame(dataset, dataset.samples[samples[position]], options.preprocessing,
                      context.limits);
  }

  // place: of the picture in the epoch's order.
  Result<void> make_input(std::size_t place, std::span<float> input) {
    const std::size_t position = order[place];
    if (options.made_input) {
      options.made_input(epoch, position, input);
      return {};
    }
    image::Image own;  // when the cache does not keep it
    const image::Image* frame = cache.find_or(position, [&]() -> image::Image* {
      auto found = read(position);
      if (!found) return nullptr;  // read() below says why
      own = std::move(*found);
      return &own;
    });
    if (frame == nullptr && own.empty()) {
      BC_ASSIGN(own, read(position));
    }
    if (frame == nullptr) frame = &own;
    if (options.augmentation == Augmentation{}) {
      image::preprocess(*frame, options.preprocessing, input);
      return {};
    }
    // In an order of the caller's a picture may come twice, and looks other each time.
    const Random random =
        options.order
            ? Random(options.seed, stream_of("augment place"), epoch * order.size() + place)
            : Random(options.seed, stream_of("augment"), epoch * samples.size() + position);
    const image::Image changed_frame = augment(*frame, options.augmentation, random);
    image::preprocess(changed_frame, options.preprocessing, input);
    return {};
  }

  Result<std::optional<Batch>> next() {
    if (failure) return tl::unexpected(*failure);
    BC_CHECK(context.cancellation.check());
    if (left == 0) return std::nullopt;
    std::unique_lock lock(mutex);
    changed.wait(lock, [&] { return !ready.empty(); });
    Result<Batch> batch = std::move(ready.front());
    ready.pop_front();
    lock.unlock();
    changed.notify_all();
    if (!batch) {
      failure = batch.error();
      return tl::unexpected(std::move(batch).error());
    }
    --left;
    return std::optional<Batch>(std::move(*batch));
  }

  const Context context;
  const Dataset& dataset;
  const std::vector<std::size_t> samples;
  const LoaderOptions options;
  FrameCache cache;

  // Written by the consumer while no maker runs.
  std::uint64_t epoch = 0;
  std::vector<std::size_t> order;

  // The consumer's alone.
  std::size_t left = 0;          // batches not yet handed out
  std::optional<Error> failure;  // of this epoch; next() repeats it

  std::mutex mutex;
  std::condition_variable changed;
  std::deque<Result<Batch>> ready;    // guarded by mutex
  std::atomic<bool> stopping{false};  // set under mutex, read by jobs without it
  std::thread maker;
};

std::vector<std::size_t> weighted_order(const Dataset& dataset,
                                        const std::vector<std::size_t>& samples, std::uint64_t seed,
                                        std::uint64_t epoch) {
  double sum = 0;
  for (const std::size_t sample : samples) sum += dataset.samples[sample].weight;
  Random random(seed, stream_of("weighted order"), epoch);
  // A comb of as many even teeth as samples, laid over the weights end to end.
  const double pitch = sum / static_cast<double>(std::max<std::size_t>(1, samples.size()));
  double tooth = random.uniform() * pitch;
  double reached = 0;
  std::vector<std::size_t> order;
  order.reserve(samples.size());
  for (std::size_t position = 0; position < samples.size(); ++position) {
    reached += dataset.samples[samples[position]].weight;
    for (; tooth < reached && order.size() < samples.size(); tooth += pitch) {
      order.push_back(position);
    }
  }
  while (order.size() < samples.size()) order.push_back(samples.size() - 1);  // lost to rounding
  random.shuffle(std::span(order));
  return order;
}

Loader::Loader(const Context& context, const Dataset& dataset, std::vector<std::size_t> samples,
               LoaderOptions options)
    : impl_(std::make_unique<Impl>(context, dataset, std::move(samples), std::move(options))) {}

Loader::~Loader() = default;

std::size_t Loader::batches() const { return impl_->batches(); }

void Loader::start(std::uint64_t epoch, std::size_t first_batch) {
  impl_->start(epoch, first_batch);
}

Result<std::optional<Batch>> Loader::next() { return impl_->next(); }

Result<image::Image> load_frame(const Dataset& dataset, const Sample& sample,
                                const image::Preprocessing& preprocessing, const Limits& limits) {
  const std::filesystem::path path = dataset.root / sample.file;
  if (!sample.box) {
    BC_ASSIGN(image::Image picture,
              image::decode_file(path, limits, image::decode_options_for(preprocessing)));
    if (preprocessing.white_point == 0) return picture;
    return image::frame(picture, std::nullopt, preprocessing,
                        image::gains_to_white(picture, preprocessing.white_point));
  }
  BC_ASSIGN(const image::Image picture, image::decode_file(path, limits));
  const image::Box& box = *sample.box;
  const bool inside = box.x >= 0 && box.y >= 0 && box.width > 0 && box.height > 0 &&
                      box.width <= picture.width_px && box.x <= picture.width_px - box.width &&
                      box.height <= picture.height_px && box.y <= picture.height_px - box.height;
  if (!inside) {
    return fail(
        ErrorCode::malformed,
        fmt::format("the box {}×{} at {}, {} reaches outside the picture of {}×{}", box.width,
                    box.height, box.x, box.y, picture.width_px, picture.height_px),
        path.string(), "correct the box in the manifest");
  }
  return image::frame(picture, box, preprocessing,
                      image::gains_to_white(picture, preprocessing.white_point));
}

}  // namespace bloodcell::data
