#include "other_things.hpp"

#include <algorithm>
#include <cmath>

#include <Eigen/Cholesky>
#include <Eigen/Core>

#include <bloodcell/data/other_pictures.hpp>
#include <bloodcell/image/frame.hpp>

namespace bloodcell::predict {

Result<std::vector<float>> embeddings_of_others(const Context& context,
                                                const infer::Session& session,
                                                const image::Preprocessing& preprocessing,
                                                std::uint64_t seed, std::size_t count,
                                                std::size_t batch) {
  const std::size_t values = preprocessing.input_values();
  const int side_px =
      std::clamp(std::max(preprocessing.width_px, preprocessing.height_px), 32, 512);
  std::vector<float> embeddings;
  std::vector<float> input;
  for (std::size_t first = 0; first < count; first += batch) {
    BC_CHECK(context.cancellation.check());
    const std::size_t here = std::min(batch, count - first);
    input.resize(here * values);
    context.pool.for_each(here, [&](std::size_t i) {
      const auto picture = data::other_picture(seed, first + i, side_px);
      image::preprocess(image::whole_frame(picture, preprocessing), preprocessing,
                        std::span(input).subspan(i * values, values));
    });
    BC_ASSIGN(const auto looked, session.look(input, static_cast<int>(here)));
    embeddings.insert(embeddings.end(), looked.embedding.begin(), looked.embedding.end());
  }
  return embeddings;
}

namespace {

using Eigen::Index;
using Eigen::MatrixXd;
using Eigen::VectorXd;

// Each value less its mean, in its deviation over all rows; a last column of ones.
struct Standardised {
  MatrixXd rows;
  VectorXd mean;
  VectorXd deviation;
};

Standardised standardised(std::span<const float> cells, std::span<const float> others,
                          Index values) {
  using Rows =
      Eigen::Map<const Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>>;
  const Index cell_rows = static_cast<Index>(cells.size()) / values;
  const Index other_rows = static_cast<Index>(others.size()) / values;
  constexpr double kLeastShare = 0.05;  // of the middle deviation
  constexpr double kLeast = 1e-6;       // where most values never change
  Standardised made{MatrixXd(cell_rows + other_rows, values + 1), {}, {}};
  auto body = made.rows.leftCols(values);
  body.topRows(cell_rows) = Rows(cells.data(), cell_rows, values).cast<double>();
  body.bottomRows(other_rows) = Rows(others.data(), other_rows, values).cast<double>();
  made.mean = body.colwise().mean();
  body.rowwise() -= made.mean.transpose();
  made.deviation = body.colwise().squaredNorm().transpose() / static_cast<double>(body.rows());
  made.deviation = made.deviation.cwiseSqrt();
  // A value that hardly ever changes is not blown up: what it says is rounding.
  std::vector<double> sorted(made.deviation.begin(), made.deviation.end());
  std::nth_element(sorted.begin(), sorted.begin() + values / 2, sorted.end());
  const double least = kLeastShare * sorted[static_cast<std::size_t>(values / 2)] + kLeast;
  made.deviation = made.deviation.cwiseMax(least);
  body.array().rowwise() /= made.deviation.transpose().array();
  made.rows.col(values).setOnes();
  return made;
}

}  // namespace

model_file::OtherThings fit_other_things(std::span<const float> cells,
                                         std::span<const float> others, std::size_t values) {
  // On the mean loss. Of eight from 6e-5 to 0.2 it is within 0.002 of the best in telling kinds of
  // pictures left out from validation cells (docs/decisions/0014-other-things.md).
  constexpr double kRidge = 2e-3;
  constexpr int kSteps = 30;  // of Newton's
  constexpr int kHalvings = 30;
  constexpr double kSmall = 1e-10;
  const auto width = static_cast<Index>(values);
  const Standardised from = standardised(cells, others, width);
  const MatrixXd& rows = from.rows;
  const Index cell_rows = static_cast<Index>(cells.size()) / width;
  const Index other_rows = rows.rows() - cell_rows;
  VectorXd weight(rows.rows());
  weight.head(cell_rows).setConstant(0.5 / static_cast<double>(cell_rows));
  weight.tail(other_rows).setConstant(0.5 / static_cast<double>(other_rows));
  VectorXd ridge = VectorXd::Constant(width + 1, kRidge);
  ridge[width] = 0;

  // ln(1 + exp(z)) of each cell's log odds z, of each other's −z.
  const auto loss_at = [&](const VectorXd& at) {
    Eigen::ArrayXd odds = rows * at;
    odds.tail(other_rows) *= -1;
    const Eigen::ArrayXd losses = odds.max(0) + (-odds.abs()).exp().log1p();
    return weight.dot(losses.matrix()) + 0.5 * (ridge.array() * at.array().square()).sum();
  };
  VectorXd now = VectorXd::Zero(width + 1);
  double loss = loss_at(now);
  for (int step = 0; step < kSteps; ++step) {
    const VectorXd likely = (1 + (-(rows * now).array()).exp()).inverse();
    VectorXd apart = likely;
    apart.tail(other_rows).array() -= 1;
    const VectorXd gradient = rows.transpose() * (weight.array() * apart.array()).matrix() +
                              (ridge.array() * now.array()).matrix();
    const VectorXd bend = weight.array() * likely.array() * (1 - likely.array());
    MatrixXd hessian = rows.transpose() * bend.asDiagonal() * rows;
    hessian.diagonal() += ridge;
    hessian(width, width) += kSmall;
    VectorXd change = hessian.llt().solve(gradient);
    double next = loss_at(now - change);
    for (int halving = 0; next > loss && halving < kHalvings; ++halving) {
      change /= 2;
      next = loss_at(now - change);
    }
    if (!(next < loss)) break;
    now -= change;
    loss = next;
  }

  model_file::OtherThings fitted;
  fitted.bias = now[width];
  for (Index v = 0; v < width; ++v) {
    const double of_value = now[v] / from.deviation[v];
    fitted.weights.push_back(static_cast<float>(of_value));
    fitted.bias -= of_value * from.mean[v];
  }
  return fitted;
}

}  // namespace bloodcell::predict
