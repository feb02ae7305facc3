#include <bloodcell/infer/verify.hpp>

#include <algorithm>
#include <cmath>

namespace bloodcell::infer {

namespace {

// bfloat16 keeps eight bits of a number: what it gives is near, not the same. int8 keeps fewer, and
// golden inputs are noise, for which its scales were not chosen.
double least_tolerance(Precision precision) {
  switch (precision) {
    case Precision::bfloat16: return 0.05;
    case Precision::int8: return 0.3;
    default: return 0;
  }
}

}  // namespace

Result<Verification> verify(const Session& session, const model_file::Description& description) {
  Verification done;
  const double tolerance =
      std::max(least_tolerance(session.precision()), description.golden_tolerance);
  for (const auto& golden : description.golden) {
    const auto input = model_file::golden_input(golden.seed, description.preprocessing);
    BC_ASSIGN(const auto logits, session.run(input, 1));
    const std::size_t count = golden.logits.size();
    if (logits.size() < count) {
      return fail(ErrorCode::mismatch,
                  fmt::format("{} logits, the description has {}", logits.size(), count));
    }
    for (std::size_t i = 0; i < count; ++i, ++done.outputs_checked) {
      const double expected = golden.logits[i];
      const double difference = std::abs(logits[i * logits.size() / count] - expected);
      done.largest_difference = std::max(done.largest_difference, difference);
      const double allowed = tolerance * std::max(1.0, std::abs(expected));
      if (difference > allowed) {
        return fail(ErrorCode::mismatch,
                    fmt::format("golden input {}, value {}: {:.2g} from {:.6g}, more than {:.2g}",
                                golden.seed, i, difference, expected, allowed),
                    "",
                    "the engine or the processor computes otherwise: do not trust this file "
                    "here");
      }
    }
  }
  return done;
}

Result<std::vector<model_file::GoldenOutput>> golden_again(
    const Session& session, const model_file::Description& description) {
  std::vector<model_file::GoldenOutput> golden;
  for (const auto& before : description.golden) {
    const auto input = model_file::golden_input(before.seed, description.preprocessing);
    BC_ASSIGN(auto logits, session.run(input, 1));
    golden.push_back({before.seed, std::move(logits)});
  }
  return golden;
}

Verification together(const Verification& one, const Verification& other) {
  return {std::max(one.largest_difference, other.largest_difference),
          one.outputs_checked + other.outputs_checked};
}

Result<Verification> verify_file(const model_file::ModelFile& file, unsigned threads,
                                 const Limits& limits) {
  BC_ASSIGN(const auto session, Session::open(file, {.threads = threads, .cache_folder = {}}));
  BC_ASSIGN(const auto own, verify(session, file.description));
  if (!file.description.second) return own;
  BC_ASSIGN(const auto second_file, model_file::second_of(file, limits));
  BC_ASSIGN(const auto second, verify_file(second_file, threads, limits));  // it holds none itself
  return together(own, second);
}

}  // namespace bloodcell::infer
