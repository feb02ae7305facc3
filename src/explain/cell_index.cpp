#include <bloodcell/explain/cell_index.hpp>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <map>
#include <set>

#include <nlohmann/json.hpp>

#include <bloodcell/base/hash.hpp>
#include <bloodcell/base/random.hpp>
#include <bloodcell/data/loader.hpp>
#include <bloodcell/graph/strict_json.hpp>
#include <bloodcell/image/draw.hpp>
#include <bloodcell/image/encode.hpp>
#include <bloodcell/infer/session.hpp>
#include <bloodcell/predict/calibrate.hpp>

namespace bloodcell::explain {

namespace {

using nlohmann::json;

constexpr std::string_view kMagic = "BCCELLS1";
constexpr std::size_t kMostCells = 100'000;
constexpr std::size_t kMostValues = 4096;
constexpr std::size_t kLargestThumbnail = 1U << 16;
constexpr int kQuality = 80;

// One sample of a family, at most `per_class` a class, drawn by the seed; in the order of the set.
std::vector<std::size_t> chosen(const data::Dataset& dataset, std::vector<std::size_t> samples,
                                const IndexOptions& options) {
  Random random(options.seed, stream_of("cell index"), 0);
  random.shuffle(std::span(samples));
  std::set<std::pair<int, std::string>> families;
  std::map<int, std::size_t> counts;
  std::vector<std::size_t> taken;
  for (const std::size_t i : samples) {
    const auto& sample = dataset.samples[i];
    if (counts[sample.label] == options.per_class) continue;
    if (!families.insert({sample.label, sample.family}).second) continue;
    ++counts[sample.label];
    taken.push_back(i);
  }
  std::sort(taken.begin(), taken.end());
  return taken;
}

struct Frame {
  Result<image::Image> picture;
  Result<Bytes> thumbnail;
};

Result<void> add(const Context& context, const infer::Session& session,
                 const model_file::ModelFile& model, const data::Dataset& dataset,
                 std::span<const std::size_t> samples, MadeIndex& made) {
  const auto& preprocessing = model.description.preprocessing;
  std::vector<Frame> frames(samples.size());
  context.pool.for_each(samples.size(), [&](std::size_t i) {
    frames[i].picture =
        data::load_frame(dataset, dataset.samples[samples[i]], preprocessing, context.limits);
    if (!frames[i].picture) return;
    const auto small = image::thumbnail(*frames[i].picture, kThumbnail_px, kThumbnail_px);
    frames[i].thumbnail = image::encode_jpeg(small, kQuality);
  });
  std::vector<float> input;
  int readable = 0;
  for (std::size_t i = 0; i < samples.size(); ++i) {
    const auto& sample = dataset.samples[samples[i]];
    if (!frames[i].picture) {
      made.problems.push_back(with_path(frames[i].picture.error(), sample.file));
      continue;
    }
    if (!frames[i].thumbnail) return tl::unexpected(frames[i].thumbnail.error());
    input.resize(input.size() + preprocessing.input_values());
    image::preprocess(*frames[i].picture, preprocessing,
                      std::span(input).last(preprocessing.input_values()));
    made.index.cells.push_back({sample.file, dataset.labels[static_cast<std::size_t>(sample.label)],
                                sample.source, std::move(*frames[i].thumbnail)});
    ++readable;
  }
  if (readable == 0) return {};
  BC_ASSIGN(const auto looked, session.look(input, readable));
  made.index.embeddings.insert(made.index.embeddings.end(), looked.embedding.begin(),
                               looked.embedding.end());
  return {};
}

tl::unexpected<Error> broken(const std::string& why) {
  return fail(ErrorCode::malformed, "an index of cells that " + why, {},
              "make it again with bloodcell index");
}

template <class T>
std::optional<T> field(const json& from, const char* name) {
  const auto found = from.find(name);
  if (found == from.end()) return std::nullopt;
  if constexpr (std::is_same_v<T, std::string>) {
    if (!found->is_string()) return std::nullopt;
  } else if (!found->is_number_unsigned()) {
    return std::nullopt;
  }
  return found->get<T>();
}

Result<CellIndex> head_from(const json& head, std::vector<std::size_t>& thumbnails) {
  const auto format = field<std::uint64_t>(head, "format");
  if (!format) return broken("does not say its format");
  if (*format != 1) {
    return fail(ErrorCode::unsupported, fmt::format("an index of cells of format {}", *format), {},
                "use a newer BloodCell, or make it again with bloodcell index");
  }
  const auto model = field<std::string>(head, "model");
  const auto graph = field<std::string>(head, "graph_sha256");
  const auto licence = field<std::string>(head, "licence");
  const auto values = field<std::uint64_t>(head, "values");
  const auto cells = head.find("cells");
  if (!model || !graph || !licence || !values || *values < 1 || *values > kMostValues ||
      cells == head.end() || !cells->is_array() || cells->empty() || cells->size() > kMostCells) {
    return broken("lacks a field, or has one out of range");
  }
  CellIndex index{*model, *graph, *licence, *values, {}, {}};
  for (const auto& cell : *cells) {
    const auto file = field<std::string>(cell, "file");
    const auto label = field<std::string>(cell, "label");
    const auto source = field<std::string>(cell, "source");
    const auto bytes = field<std::uint64_t>(cell, "thumbnail_bytes");
    if (!file || !label || label->empty() || !source || !bytes || *bytes > kLargestThumbnail) {
      return broken(fmt::format("says too little of cell {}", index.cells.size()));
    }
    index.cells.push_back({*file, *label, *source, {}});
    thumbnails.push_back(*bytes);
  }
  return index;
}

}  // namespace

Result<MadeIndex> make_index(const Context& context, const model_file::ModelFile& model,
                             const data::Dataset& dataset, const std::vector<std::size_t>& samples,
                             const IndexOptions& options) {
  if (options.per_class < 1 || options.batch < 1) {
    return fail(ErrorCode::usage, "an index needs at least one cell of a class, one at a time");
  }
  BC_ASSIGN(const auto session, infer::Session::open(model, {.threads = context.pool.size(),
                                                             .cache_folder = {},
                                                             .keep_embedding = true}));
  MadeIndex made;
  made.index.model = model.description.name;
  made.index.graph_sha256 = model.description.graph_sha256;
  made.index.licence = options.licence;
  made.index.values = session.head().values;
  auto usable = samples;
  if (model.description.preprocessing.cell_margin > 0) {
    made.without_box =
        std::erase_if(usable, [&](std::size_t i) { return !dataset.samples[i].box; });
  }
  const auto taken = chosen(dataset, std::move(usable), options);
  const auto batch = static_cast<std::size_t>(options.batch);
  for (std::size_t first = 0; first < taken.size(); first += batch) {
    BC_CHECK(context.cancellation.check());
    const std::size_t here = std::min(batch, taken.size() - first);
    BC_CHECK(add(context, session, model, dataset, std::span(taken).subspan(first, here), made));
    context.progress.update({"looking", first + here, taken.size(), "images", ""});
  }
  context.progress.finish();
  if (made.index.cells.empty()) {
    return fail(ErrorCode::usage, "no cell for the index", dataset.root.string(),
                made.without_box == 0 ? "check the data set and the part of the split"
                                      : "give a manifest with the cells' boxes (bloodcell data "
                                        "locate): the model is one of located cells");
  }
  return made;
}

Result<Bytes> to_bytes(const CellIndex& index) {
  json cells = json::array();
  std::size_t thumbnails = 0;
  for (const auto& cell : index.cells) {
    cells.push_back({{"file", cell.file},
                     {"label", cell.label},
                     {"source", cell.source},
                     {"thumbnail_bytes", cell.thumbnail.size()}});
    thumbnails += cell.thumbnail.size();
  }
  std::string head;
  try {
    head = json{{"format", 1},
                {"model", index.model},
                {"graph_sha256", index.graph_sha256},
                {"licence", index.licence},
                {"values", index.values},
                {"cells", cells}}
               .dump();
  } catch (const json::exception&) {
    return fail(ErrorCode::malformed, "a name of the index is not UTF-8", {},
                "rename the file or leave it out");
  }
  Bytes bytes;
  bytes.reserve(kMagic.size() + 8 + head.size() + 4 * index.embeddings.size() + thumbnails);
  const auto append = [&](std::span<const std::byte> more) {
    bytes.insert(bytes.end(), more.begin(), more.end());
  };
  append(as_bytes_of(kMagic));
  for (int shift = 0; shift < 64; shift += 8) {
    bytes.push_back(static_cast<std::byte>((std::uint64_t{head.size()} >> shift) & 0xFF));
  }
  append(as_bytes_of(head));
  append(std::as_bytes(std::span(index.embeddings)));
  for (const auto& cell : index.cells) append(cell.thumbnail);
  return bytes;
}

Result<CellIndex> index_from_bytes(std::span<const std::byte> bytes, const Limits& limits) {
  constexpr std::size_t kStart = kMagic.size() + 8;
  if (bytes.size() < kStart || std::memcmp(bytes.data(), kMagic.data(), kMagic.size()) != 0) {
    return fail(ErrorCode::malformed, "not an index of cells", {}, "make one with bloodcell index");
  }
  std::uint64_t length = 0;
  for (std::size_t i = 0; i < 8; ++i) {
    length |= std::to_integer<std::uint64_t>(bytes[kMagic.size() + i]) << (8 * i);
  }
  if (length > limits.max_json_bytes) {
    return fail(ErrorCode::limit_exceeded,
                fmt::format("an index with a text of {} bytes, more than "
                            "the limit of {}",
                            length, limits.max_json_bytes));
  }
  if (length > bytes.size() - kStart) return broken("ends early");
  const std::string_view text(reinterpret_cast<const char*>(bytes.data()) + kStart, length);
  constexpr int kDeepest = 4;
  const auto head = graph::parse_strict_json(text, kDeepest);
  if (!head) return broken("holds no sound JSON: " + head.error().message);
  if (!head->is_object()) return broken("lacks a field, or has one out of range");
  std::vector<std::size_t> thumbnails;
  BC_ASSIGN(CellIndex index, head_from(*head, thumbnails));
  auto rest = bytes.subspan(kStart + length);
  const std::size_t floats = index.cells.size() * index.values;
  std::size_t whole = floats * sizeof(float);
  for (const std::size_t one : thumbnails) whole += one;
  if (rest.size() != whole) return broken("is longer or shorter than it says");
  index.embeddings.resize(floats);
  std::memcpy(index.embeddings.data(), rest.data(), floats * sizeof(float));
  for (const float value : index.embeddings) {
    if (!std::isfinite(value)) return broken("holds a number that is none");
  }
  rest = rest.subspan(floats * sizeof(float));
  for (std::size_t i = 0; i < thumbnails.size(); ++i) {
    index.cells[i].thumbnail.assign(rest.begin(),
                                    rest.begin() + static_cast<std::ptrdiff_t>(thumbnails[i]));
    rest = rest.subspan(thumbnails[i]);
  }
  return index;
}

Result<CellIndex> load_index(const std::filesystem::path& path, const Limits& limits) {
  BC_ASSIGN(const Bytes bytes, read_file(path, limits.max_file_bytes));
  return index_from_bytes(bytes, limits).map_error([&](Error error) {
    return with_path(std::move(error), path.string());
  });
}

Neighbours::Neighbours(CellIndex index) : index_(std::move(index)) {
  std::map<std::string, int> places;
  std::vector<int> truths;
  for (const auto& cell : index_.cells) {
    truths.push_back(places.try_emplace(cell.label, static_cast<int>(places.size())).first->second);
  }
  whitening_ = predict::fit_familiarity(index_.embeddings, truths, places.size()).whitening;
  for (std::size_t i = 0; i < index_.cells.size(); ++i) {
    const auto place =
        whitened(std::span(index_.embeddings).subspan(i * index_.values, index_.values));
    places_.insert(places_.end(), place.begin(), place.end());
  }
  // Of enough cells, evenly taken: every pair of a large index would take seconds.
  constexpr std::size_t kMostAsked = 500;
  const std::size_t step = (index_.cells.size() + kMostAsked - 1) / kMostAsked;
  std::vector<double> nearest_of_class;
  for (std::size_t i = 0; i < index_.cells.size(); i += step) {
    double least = std::numeric_limits<double>::infinity();
    for (std::size_t j = 0; j < index_.cells.size(); ++j) {
      if (j == i || truths[j] != truths[i]) continue;
      double square = 0;
      for (std::size_t v = 0; v < index_.values; ++v) {
        const double apart = places_[i * index_.values + v] - places_[j * index_.values + v];
        square += apart * apart;
      }
      least = std::min(least, square);
    }
    if (std::isfinite(least)) nearest_of_class.push_back(std::sqrt(least));
  }
  if (nearest_of_class.empty()) return;
  const auto middle =
      nearest_of_class.begin() + static_cast<std::ptrdiff_t>(nearest_of_class.size() / 2);
  std::nth_element(nearest_of_class.begin(), middle, nearest_of_class.end());
  usual_ = *middle;
}

std::vector<float> Neighbours::whitened(std::span<const float> embedding) const {
  std::vector<float> place;
  place.reserve(embedding.size());
  std::size_t at = 0;  // in the triangle
  for (std::size_t row = 0; row < embedding.size(); ++row) {
    double sum = 0;
    for (std::size_t column = 0; column <= row; ++column, ++at) {
      sum += static_cast<double>(whitening_[at]) * embedding[column];
    }
    place.push_back(static_cast<float>(sum));
  }
  return place;
}

std::vector<Neighbour> Neighbours::nearest(std::span<const float> embedding, std::size_t k) const {
  const auto place = whitened(embedding);
  std::vector<Neighbour> all;
  all.reserve(index_.cells.size());
  for (std::size_t i = 0; i < index_.cells.size(); ++i) {
    double square = 0;
    for (std::size_t v = 0; v < index_.values; ++v) {
      const double apart = double{place[v]} - places_[i * index_.values + v];
      square += apart * apart;
    }
    all.push_back({i, std::sqrt(square)});
  }
  k = std::min(k, all.size());
  std::partial_sort(all.begin(), all.begin() + static_cast<std::ptrdiff_t>(k), all.end(),
                    [](const Neighbour& a, const Neighbour& b) {
                      return std::pair(a.distance, a.cell) < std::pair(b.distance, b.cell);
                    });
  all.resize(k);
  return all;
}

}  // namespace bloodcell::explain
