// The normal distribution where samplers need it: far in the tails and as logarithms.
#pragma once

namespace bloodcell::tune {

[[nodiscard]] double normal_cdf(double z);
[[nodiscard]] double log_normal_cdf(double z);
// z with normal_cdf(z) = p, 0 < p < 1. Wichura 1988 (AS 241), relative error about 1e-16.
[[nodiscard]] double normal_quantile(double p);
// ln(Φ(high) − Φ(low)), low < high, without loss in either tail.
[[nodiscard]] double log_normal_mass(double low, double high);

}  // namespace bloodcell::tune
