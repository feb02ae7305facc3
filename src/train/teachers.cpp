#include <bloodcell/train/teachers.hpp>

#include <exception>

#include <torch/types.h>

#include <bloodcell/base/hash.hpp>
#include <bloodcell/model_file/model_file.hpp>

namespace bloodcell::train {
namespace {

using torch::Tensor;

// [3] -> [1, 3, 1, 1]
Tensor a_channel(const std::array<double, 3>& values) {
  return torch::tensor({values[0], values[1], values[2]}, torch::kFloat32).view({1, 3, 1, 1});
}

Result<model_file::ModelFile> load_teacher(const SourceFile& source,
                                           const image::Preprocessing& student,
                                           const std::vector<std::string>& labels,
                                           const Limits& limits) {
  BC_ASSIGN(auto file, model_file::load(source.path, limits));
  if (sha256(file.onnx) != source.sha256) {
    return fail(ErrorCode::mismatch, "is not the teacher that the run began with", source.path,
                "put the old file back, or start a new run");
  }
  if (file.description.labels != labels) {
    return fail(ErrorCode::mismatch,
                fmt::format("a teacher must know the same classes: {}; this one knows {}",
                            fmt::join(labels, ", "), fmt::join(file.description.labels, ", ")),
                source.path);
  }
  const image::Preprocessing& own = file.description.preprocessing;
  if (own.fit == student.fit && own.cell_margin == student.cell_margin &&
      own.white_point == student.white_point) {
    return file;
  }
  return fail(
      ErrorCode::mismatch,
      fmt::format("a teacher must see the same part of a picture in the same light as its "
                  "student: it has cell margin {} and white point {}, the student {} and "
                  "{}, and both must fit pictures into their input in one way",
                  own.cell_margin, own.white_point, student.cell_margin, student.white_point),
      source.path, "give --cell-margin and --white-point as the teacher has them");
}

}  // namespace

Result<Teachers> Teachers::open(const Context& context, const std::vector<SourceFile>& files,
                                const image::Preprocessing& student,
                                const std::vector<std::string>& labels) {
  Teachers teachers;
  teachers.student_ = student;
  infer::SessionOptions options;
  options.threads = context.pool.size();
  for (const auto& source : files) {
    BC_ASSIGN(const auto file, load_teacher(source, student, labels, context.limits));
    BC_ASSIGN(auto session, infer::Session::open(file, options));
    teachers.teachers_.push_back(
        {std::move(session), file.description.preprocessing, file.description.temperature});
  }
  return teachers;
}

Result<std::vector<float>> Teachers::logits(std::span<const float> images, int count) const {
  std::vector<float> mean;
  for (const auto& teacher : teachers_) {
    BC_ASSIGN(
        const auto logits,
        teacher.session.run(as_other_input(images, count, student_, teacher.preprocessing), count));
    mean.resize(logits.size());
    const auto share =
        static_cast<float>(1 / (teacher.temperature * static_cast<double>(teachers_.size())));
    for (std::size_t i = 0; i < mean.size(); ++i) mean[i] += share * logits[i];
  }
  return mean;
}

std::vector<float> as_other_input(std::span<const float> images, int count,
                                  const image::Preprocessing& from,
                                  const image::Preprocessing& to) {
  const torch::NoGradGuard no_gradients;
  // libtorch has no view of constant memory; nothing writes here.
  Tensor batch = torch::from_blob(const_cast<float*>(images.data()),
                                  {count, 3, from.height_px, from.width_px});
  batch = batch * a_channel(from.deviation) + a_channel(from.mean);  // pixels
  if (from.channels != to.channels) batch = batch.flip(1);
  if (from.width_px != to.width_px || from.height_px != to.height_px) {
    batch = at::_upsample_bilinear2d_aa(batch, {to.height_px, to.width_px}, false);
  }
  batch = ((batch - a_channel(to.mean)) / a_channel(to.deviation)).contiguous();
  const float* first = batch.data_ptr<float>();
  return {first, first + batch.numel()};
}

}  // namespace bloodcell::train
