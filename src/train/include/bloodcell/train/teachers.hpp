// Finished networks that a new one learns from (Hinton et al. 2015).
#pragma once

#include <span>
#include <string>
#include <vector>

#include <bloodcell/base/context.hpp>
#include <bloodcell/base/result.hpp>
#include <bloodcell/image/preprocess.hpp>
#include <bloodcell/infer/session.hpp>
#include <bloodcell/train/config.hpp>

namespace bloodcell::train {

// Not thread-safe.
class Teachers {
 public:
  // files: model files. A teacher sees the student's own input, augmented and mixed as it is, in
  // the teacher's scaling, channel order and size (bilinear where the sizes differ: it learns
  // nothing from detail that the student's input has lost). Errors: mismatch (a file that is not
  // the one hashed, other labels, another fit, cell margin or white point), those of the file.
  [[nodiscard]] static Result<Teachers> open(const Context& context,
                                             const std::vector<SourceFile>& files,
                                             const image::Preprocessing& student,
                                             const std::vector<std::string>& labels);

  // images: count × 3 × H × W of the student. The mean of the teachers' logits, each by its
  // temperature: count × classes.
  [[nodiscard]] Result<std::vector<float>> logits(std::span<const float> images, int count) const;

 private:
  struct Teacher {
    infer::Session session;
    image::Preprocessing preprocessing;
    double temperature = 1;
  };

  image::Preprocessing student_;
  std::vector<Teacher> teachers_;
};

// A batch as `from` scales it → as `to` does, row-major.
[[nodiscard]] std::vector<float> as_other_input(std::span<const float> images, int count,
                                                const image::Preprocessing& from,
                                                const image::Preprocessing& to);

}  // namespace bloodcell::train
