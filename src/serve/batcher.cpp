#include <bloodcell/serve/batcher.hpp>

#include <algorithm>

namespace bloodcell::serve {

namespace {

std::vector<predict::Row> unreadable(std::string name, const Error& error) {
  predict::Row row;
  row.file = std::move(name);
  row.status = predict::Status::error;
  row.message = to_text({error.code, error.message, {}, error.remedy});
  return {std::move(row)};
}

}  // namespace

Batcher::Batcher(unsigned threads, int batch, std::size_t most_waiting, const Limits& limits,
                 Counters& counters)
    : batch_(static_cast<std::size_t>(std::max(1, batch))),
      most_waiting_(most_waiting),
      limits_(limits),
      counters_(counters) {
  for (unsigned i = 0; i < std::max(1U, threads); ++i) threads_.emplace_back([this] { work(); });
}

Batcher::~Batcher() {
  {
    const std::lock_guard lock(mutex_);
    is_closing_ = true;
  }
  wake_.notify_all();
  for (auto& thread : threads_) thread.join();
}

bool Batcher::offer(std::vector<Picture> pictures) {
  {
    const std::lock_guard lock(mutex_);
    if (queue_.size() + pictures.size() > most_waiting_) return false;
    std::move(pictures.begin(), pictures.end(), std::back_inserter(queue_));
  }
  wake_.notify_all();
  return true;
}

std::size_t Batcher::waiting() const {
  const std::lock_guard lock(mutex_);
  return queue_.size();
}

// A fair share of what waits, so that no thread idles while another holds a long batch; of one
// model, and no more bytes than are soon done, so that small pictures do not wait for large ones.
std::vector<Picture> Batcher::take() {
  constexpr std::size_t kMostBytes = 1 << 20;
  std::unique_lock lock(mutex_);
  wake_.wait(lock, [this] { return is_closing_ || !queue_.empty(); });
  const std::size_t share =
      (queue_.size() + threads_.size() - 1) / std::max<std::size_t>(1, threads_.size());
  std::vector<Picture> taken;
  std::size_t bytes = 0;
  while (taken.size() < std::min(batch_, share)) {
    const Picture& next = queue_.front();
    bytes += next.bytes.size();
    const bool fits = bytes <= kMostBytes && (taken.empty() || next.model == taken.front().model);
    if (!taken.empty() && !fits) break;
    taken.push_back(std::move(queue_.front()));
    queue_.pop_front();
  }
  return taken;
}

void Batcher::work() {
  while (true) {
    const std::vector<Picture> pictures = take();
    if (pictures.empty()) return;
    classify(pictures);
  }
}

void Batcher::classify(std::span<const Picture> pictures) const {
  std::vector<const Picture*> wanted;
  std::vector<predict::Predictor::Encoded> encoded;
  for (const Picture& picture : pictures) {
    if (!picture.is_wanted()) {
      picture.done(unreadable(picture.name, {ErrorCode::cancelled, "not wanted", {}, {}}));
      continue;
    }
    wanted.push_back(&picture);
    encoded.push_back({picture.name, std::as_bytes(std::span(picture.bytes))});
  }
  if (wanted.empty()) return;
  auto rows = pictures.front().model->predictor.classify_together(encoded, limits_);
  for (std::size_t i = 0; i < wanted.size(); ++i) answer(*wanted[i], std::move(rows[i]));
}

void Batcher::answer(const Picture& picture, Result<std::vector<predict::Row>> rows) const {
  if (!rows) {
    counters_.picture(name_of(rows.error().code));
    return picture.done(unreadable(picture.name, rows.error()));
  }
  counters_.picture("ok");
  const auto& labels = picture.model->predictor.labels();
  for (const predict::Row& row : *rows) {
    counters_.cell(row.class_index < 0 ? predict::name_of(row.status)
                                       : labels[static_cast<std::size_t>(row.class_index)]);
  }
  picture.done(std::move(*rows));
}

}  // namespace bloodcell::serve
