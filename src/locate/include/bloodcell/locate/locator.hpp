// Cells in a field, found by a model file whose task is `locate`.
#pragma once

#include <filesystem>
#include <memory>
#include <vector>

#include <bloodcell/base/buffer_pool.hpp>
#include <bloodcell/base/result.hpp>
#include <bloodcell/image/image.hpp>
#include <bloodcell/infer/session.hpp>
#include <bloodcell/model_file/model_file.hpp>
#include <bloodcell/smear/location.hpp>

namespace bloodcell::locate {

struct LocatorOptions {
  unsigned threads = 1;   // for one field; ≥ 1
  double min_score = -1;  // 0 … 1; negative: the model file's
  // int8: the fastest that the file allows, for a locator has no such layers
  infer::Precision precision = infer::Precision::float32;
  std::filesystem::path cache_folder;  // of compiled networks; empty: none kept
};

// locate() may be called from several threads at once.
class Locator {
 public:
  // Errors: usage (a model that does not locate, a score out of range), those of infer::Session.
  [[nodiscard]] static Result<Locator> open(const model_file::ModelFile& model,
                                            const LocatorOptions& options = {});

  // All kinds, best first, in pixels of the picture and cut to it; `is_cut` where the cell reaches
  // its edge or the black that surrounds a turned picture. In a field what smear::keep_plausible
  // keeps; in a picture of one cell (what_is_shown) all that was found. Errors: those of
  // infer::Session::run.
  [[nodiscard]] Result<std::vector<smear::CellBox>> locate(const image::Image& picture) const;

  // The same at a third of the sides and a tenth of the cost: finds what fills a good part of the
  // picture. Errors: usage when the network takes no such input (can_glance()).
  [[nodiscard]] Result<std::vector<smear::CellBox>> glance(const image::Image& picture) const;
  [[nodiscard]] bool can_glance() const { return session_.takes_other_size(); }

  [[nodiscard]] const model_file::Description& description() const { return description_; }
  [[nodiscard]] infer::Precision precision() const { return session_.precision(); }

 private:
  Locator(model_file::Description description, infer::Session session, double min_score);
  [[nodiscard]] Result<std::vector<smear::CellBox>> locate(const image::Image& picture,
                                                           const image::Preprocessing& how) const;

  model_file::Description description_;
  infer::Session session_;
  double min_score_;
  std::unique_ptr<BufferPool<float>> inputs_ = std::make_unique<BufferPool<float>>();
};

}  // namespace bloodcell::locate
