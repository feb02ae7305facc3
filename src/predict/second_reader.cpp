#include <bloodcell/predict/second_reader.hpp>

#include <mutex>
#include <utility>

#include <bloodcell/base/buffer_pool.hpp>
#include <bloodcell/infer/verify.hpp>
#include <bloodcell/predict/mixture.hpp>

namespace bloodcell::predict {

namespace {

struct Ready {
  infer::Session session;
  metrics::Scaling scaling;
  model_file::Description description;
};

}  // namespace

struct SecondReader::Impl {
  model_file::ModelFile holder;  // of the second network's text; else of the description alone
  std::optional<model_file::ModelFile> file;  // read of that text, until it is made ready
  infer::SessionOptions options;
  Limits limits;
  BufferPool<float> inputs{};

  std::mutex mutex;  // guards holder and file, and `made` until it is there; then it is only read
  std::optional<Ready> made;

  Result<const Ready*> ready() {
    const std::lock_guard lock(mutex);
    if (made) return &*made;
    if (!file) {
      BC_ASSIGN(file, model_file::second_of(holder, limits));
      std::string().swap(holder.second);  // megabytes, before compiling takes more
    }
    BC_ASSIGN(const auto judge, Judge::make(file->description));
    if (options.precision == infer::Precision::int8 && !file->has_int8) {
      options.precision = infer::Precision::automatic;
    }
    BC_ASSIGN(auto session, infer::Session::open(*file, options));
    made = Ready{std::move(session), judge.scaling(), std::move(file->description)};
    file.reset();
    return &*made;
  }

  [[nodiscard]] const model_file::SecondReading& how() const { return *holder.description.second; }
};

SecondReader::SecondReader(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
SecondReader::SecondReader(SecondReader&&) noexcept = default;
SecondReader& SecondReader::operator=(SecondReader&&) noexcept = default;
SecondReader::~SecondReader() = default;

std::optional<SecondReader> SecondReader::of(const model_file::Description& description,
                                             std::string text, const ReadingOptions& options,
                                             const Limits& limits) {
  if (!description.second) return std::nullopt;
  auto impl = std::make_unique<Impl>();
  impl->holder.description = description;
  impl->holder.second = std::move(text);
  impl->limits = limits;
  impl->options = {.threads = 1,
                   .precision = options.precision,
                   .cache_folder = options.cache_folder,
                   .one_at_a_time = options.one_at_a_time};
  return SecondReader(std::move(impl));
}

const image::Preprocessing& SecondReader::preprocessing() const {
  return impl_->how().preprocessing;
}

Result<void> SecondReader::prepare() const {
  BC_CHECK(impl_->ready());
  return {};
}

Result<infer::Verification> SecondReader::verify() const {
  BC_ASSIGN(const auto* ready, impl_->ready());
  return infer::verify(ready->session, ready->description);
}

Result<std::vector<std::vector<double>>> SecondReader::read(
    std::span<const image::Image* const> frames) const {
  BC_ASSIGN(const auto* ready, impl_->ready());
  const std::size_t values = preprocessing().input_values();
  auto buffer = impl_->inputs.take(frames.size() * values);
  const std::span<float> input = buffer.first(frames.size() * values);
  for (std::size_t i = 0; i < frames.size(); ++i) {
    image::preprocess(*frames[i], preprocessing(), input.subspan(i * values, values));
  }
  BC_ASSIGN(const auto logits, ready->session.run(input, static_cast<int>(frames.size())));
  const std::size_t labels = logits.size() / frames.size();
  std::vector<std::vector<double>> probabilities;
  for (std::size_t i = 0; i < frames.size(); ++i) {
    probabilities.push_back(
        metrics::probabilities_of(std::span(logits).subspan(i * labels, labels), ready->scaling));
  }
  return probabilities;
}

Result<std::vector<bool>> SecondReader::read_unsure(
    const Judge& judge, std::span<const image::Image* const> frames,
    std::span<std::vector<double>> probabilities) const {
  std::vector<bool> again(frames.size(), false);
  std::vector<const image::Image*> unsure;
  for (std::size_t i = 0; i < frames.size(); ++i) {
    again[i] = is_read_again(judge.confidence_of(probabilities[i]), impl_->how().below);
    if (again[i]) unsure.push_back(frames[i]);
  }
  if (unsure.empty()) return again;
  BC_ASSIGN(const auto second, read(unsure));
  for (std::size_t i = 0, next = 0; i < frames.size(); ++i) {
    if (again[i]) mix(probabilities[i], second[next++], impl_->how().weight);
  }
  return again;
}

}  // namespace bloodcell::predict
