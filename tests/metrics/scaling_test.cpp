#include <bloodcell/metrics/scaling.hpp>

#include <cmath>

#include <bloodcell/base/random.hpp>
#include <bloodcell/test/support.hpp>

namespace bloodcell::metrics {
namespace {

// Rows whose truth follows softmax(z + shift); the logits shown are stretch · z.
LogitTable drawn(int rows, double stretch, const std::vector<double>& shift, int copies = 1) {
  LogitTable table{static_cast<int>(shift.size()), {}, {}, {}};
  for (int i = 0; i < rows; ++i) {
    Random random(9, stream_of("scaling"), static_cast<std::uint64_t>(i));
    std::vector<float> shown;
    std::vector<float> real;
    for (const double by : shift) {
      const double z = 2 * random.normal();
      shown.push_back(static_cast<float>(stretch * z));
      real.push_back(static_cast<float>(z + by));
    }
    const auto law = softmax(real);
    double point = random.uniform();
    int truth = 0;
    while (truth + 1 < table.classes && point >= law[static_cast<std::size_t>(truth)]) {
      point -= law[static_cast<std::size_t>(truth++)];
    }
    for (int copy = 0; copy < copies; ++copy) {
      table.logits.insert(table.logits.end(), shown.begin(), shown.end());
      table.truths.push_back(truth);
      table.families.push_back(std::to_string(i));
    }
  }
  return table;
}

TEST(Scaling, WithoutAMatrixIsTheTemperature) {
  const std::vector<float> logits{1, 2, 3};
  EXPECT_EQ(probabilities_of(logits, {2, {}, {}}), softmax(logits, 2));
  const auto same = probabilities_of(logits, {2, {1, 0, 0, 0, 1, 0, 0, 0, 1}, {0, 0, 0}});
  for (std::size_t c = 0; c < 3; ++c) EXPECT_NEAR(same[c], softmax(logits, 2)[c], 1e-12);
}

TEST(Scaling, AppliesMatrixAndBiasByHand) {
  // log softmax(0, ln 3) = (ln ¼, ln ¾); first row squares the first: 1/16, second: ¾ · 2.
  const std::vector<float> logits{0, std::log(3.0F)};
  const auto p = probabilities_of(logits, {1, {2, 0, 0, 1}, {0, std::log(2.0)}});
  EXPECT_NEAR(p[0], (1.0 / 16) / (1.0 / 16 + 1.5), 1e-6);
}

TEST(Scaling, FindsTheShiftOfAClass) {
  const auto table = drawn(3000, 1, {0, 1.5, 0});
  const auto fitted = fit_scaling(table, ScalingKind::vector, 1e-4);
  EXPECT_NEAR(fitted.bias[1] - (fitted.bias[0] + fitted.bias[2]) / 2, 1.5, 0.3);
  EXPECT_EQ(fitted.matrix[1], 0);  // off the diagonal
}

TEST(Scaling, ChoosesMoreThanATemperatureOnlyWhereItPays) {
  EXPECT_EQ(choose_scaling(drawn(400, 2.5, {0, 0, 0}), 1).kind, ScalingKind::temperature);
  const auto chosen = choose_scaling(drawn(1500, 2.5, {0, 1.5, -1}), 1);
  EXPECT_NE(chosen.kind, ScalingKind::temperature);
  EXPECT_LT(chosen.log_loss, chosen.log_loss_temperature);
  EXPECT_LT(chosen.log_loss_temperature, chosen.log_loss_before);
}

TEST(Scaling, CopiesOfARowChangeNothing) {
  const auto one = fit_scaling(drawn(300, 1, {0, 1}), ScalingKind::dirichlet, 0.01);
  const auto many = fit_scaling(drawn(300, 1, {0, 1}, 7), ScalingKind::dirichlet, 0.01);
  for (std::size_t i = 0; i < 4; ++i) EXPECT_NEAR(one.matrix[i], many.matrix[i], 1e-3);
}

TEST(Scaling, OfNoRowsIsTheIdentity) {
  const auto none = fit_scaling({3, {}, {}, {}}, ScalingKind::dirichlet, 0.01);
  EXPECT_EQ(none.temperature, 1);
  EXPECT_TRUE(none.matrix.empty());
}

}  // namespace
}  // namespace bloodcell::metrics
