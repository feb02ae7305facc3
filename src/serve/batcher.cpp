#include <bloodcell/serve/batcher.hpp>

#include <algorithm>
#include <exception>

#include <bloodcell/image/decode.hpp>

namespace bloodcell::serve {

namespace {

// From here on a picture takes a core a tenth of a second and more.
constexpr std::int64_t kLarge_pixels = 4'000'000;

std::int64_t pixels_of(std::string_view encoded, const Limits& limits) {
  const auto header = image::read_header(std::as_bytes(std::span(encoded)), limits);
  return header ? std::int64_t{header->width_px} * header->height_px : 0;
}

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
  std::vector<Waiting> offered;
  for (Picture& picture : pictures) {
    const std::int64_t pixels = pixels_of(picture.bytes, limits_);
    offered.push_back({std::move(picture), pixels});
  }
  {
    const std::lock_guard lock(mutex_);
    if (queue_.size() + offered.size() > most_waiting_) return false;
    std::move(offered.begin(), offered.end(), std::back_inserter(queue_));
  }
  wake_.notify_all();
  return true;
}

std::size_t Batcher::waiting() const {
  const std::lock_guard lock(mutex_);
  return queue_.size();
}

// The first that waits; a large one only while another thread is left for the small ones.
Batcher::Queue::iterator Batcher::next_for_a_thread() {
  const int most = std::max(1, static_cast<int>(threads_.size()) - 1);
  if (is_closing_ || large_now_ < most) return queue_.begin();
  return std::find_if(queue_.begin(), queue_.end(),
                      [](const Waiting& one) { return one.pixels < kLarge_pixels; });
}

// A fair share of what waits, so that no thread idles while another holds a long batch; of one
// model, and no more pixels than are soon done.
Batcher::Taken Batcher::take() {
  std::unique_lock lock(mutex_);
  wake_.wait(lock, [this] { return is_closing_ || next_for_a_thread() != queue_.end(); });
  const std::size_t share = (queue_.size() + threads_.size() - 1) / threads_.size();
  Taken taken;
  std::int64_t pixels = 0;
  while (taken.pictures.size() < std::min(batch_, share)) {
    const auto next = next_for_a_thread();
    if (next == queue_.end()) break;
    const bool fits =
        taken.pictures.empty() || (pixels + next->pixels < kLarge_pixels &&
                                   next->picture.model == taken.pictures.front().model);
    if (!fits) break;
    pixels += next->pixels;
    taken.pictures.push_back(std::move(next->picture));
    queue_.erase(next);
  }
  taken.is_large = pixels >= kLarge_pixels;
  if (taken.is_large) ++large_now_;
  return taken;
}

void Batcher::work() {
  while (true) {
    const Taken taken = take();
    if (taken.pictures.empty()) return;
    classify(taken.pictures);
    if (!taken.is_large) continue;
    {
      const std::lock_guard lock(mutex_);
      --large_now_;
    }
    wake_.notify_all();
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
  std::vector<Result<std::vector<predict::Row>>> rows;
  try {
    rows = pictures.front().model->predictor.classify_together(encoded, limits_);
  } catch (const std::exception& error) {  // a library's: out of memory, most likely
    rows.assign(wanted.size(), tl::unexpected(Error{ErrorCode::internal, error.what(), {}, {}}));
  }
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
