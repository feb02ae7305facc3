// Cells of known class as a network sees them, in one small file: what a new cell is shown beside.
#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include <bloodcell/base/context.hpp>
#include <bloodcell/base/files.hpp>
#include <bloodcell/base/result.hpp>
#include <bloodcell/data/dataset.hpp>
#include <bloodcell/model_file/model_file.hpp>

namespace bloodcell::explain {

struct IndexedCell {
  std::string file;  // as the set names it
  std::string label;
  std::string source;  // laboratory or set, or empty
  Bytes thumbnail;     // JPEG, kThumbnail_px a side
};
inline constexpr int kThumbnail_px = 64;

// The file: `BCCELLS1`, the length of a JSON text as 8 bytes (little-endian), that text, the
// embeddings as float32 (little-endian), the thumbnails one behind the other.
struct CellIndex {
  std::string model;         // its name
  std::string graph_sha256;  // of its network: embeddings of another mean nothing
  std::string licence;       // of the pictures, as the maker of the index says
  std::uint64_t values = 0;  // of one embedding
  std::vector<IndexedCell> cells;
  std::vector<float> embeddings;  // cells × values
};

struct IndexOptions {
  std::size_t per_class = 250;  // at most, one of a family; ≥ 1
  std::string licence{};        // said in the file
  std::uint64_t seed = 42;      // which families, where there are more
  int batch = 16;
};

struct MadeIndex {
  CellIndex index;
  std::vector<Error> problems;    // samples that could not be read
  std::uint64_t without_box = 0;  // left out, where the model is one of located cells
};

// `samples` are positions in dataset.samples. Deterministic for any number of threads. Errors:
// unsupported (a network that does not end in a dense layer), usage (no cell left), cancelled.
[[nodiscard]] Result<MadeIndex> make_index(const Context& context,
                                           const model_file::ModelFile& model,
                                           const data::Dataset& dataset,
                                           const std::vector<std::size_t>& samples,
                                           const IndexOptions& options);

[[nodiscard]] Result<Bytes> to_bytes(const CellIndex& index);
// Errors: malformed, unsupported (of another format), limit_exceeded.
[[nodiscard]] Result<CellIndex> index_from_bytes(std::span<const std::byte> bytes,
                                                 const Limits& limits);
[[nodiscard]] Result<CellIndex> load_index(const std::filesystem::path& path, const Limits& limits);

struct Neighbour {
  std::size_t cell = 0;  // position in CellIndex::cells
  double distance = 0;
};

// Mahalanobis distances between embeddings, by the covariance within the classes of the index
// (predict::fit_familiarity). Thread-safe.
class Neighbours {
 public:
  explicit Neighbours(CellIndex index);

  // The k nearest, nearest first. embedding: CellIndex::values. O(cells × values).
  [[nodiscard]] std::vector<Neighbour> nearest(std::span<const float> embedding,
                                               std::size_t k) const;

  [[nodiscard]] const CellIndex& index() const { return index_; }

  // The median distance from a cell of the index to the nearest other of its class: what is near.
  [[nodiscard]] double usual_distance() const { return usual_; }

 private:
  [[nodiscard]] std::vector<float> whitened(std::span<const float> embedding) const;

  CellIndex index_;
  std::vector<float> whitening_;
  std::vector<float> places_;  // cells × values, whitened
  double usual_ = 0;
};

}  // namespace bloodcell::explain
