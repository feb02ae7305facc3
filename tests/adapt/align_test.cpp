// Clouds of known classes, and the same seen by another laboratory.
#include "../../src/adapt/align.hpp"

#include <cmath>
#include <map>
#include <set>

#include <bloodcell/base/random.hpp>
#include <bloodcell/predict/calibrate.hpp>
#include <bloodcell/predict/judge.hpp>
#include <bloodcell/test/colour_model.hpp>

#include "../../src/adapt/heads.hpp"

namespace bloodcell::adapt {
namespace {

constexpr std::size_t kValues = 6;
constexpr int kClasses = 3;

struct Clouds {
  std::vector<float> embeddings;
  std::vector<int> truths;
};

// Class k lies at 8 on axis k; deviation 1 about it, in all directions.
Clouds clouds(const std::vector<int>& counts, std::uint64_t seed) {
  Random random(seed, stream_of("clouds"), 0);
  Clouds made;
  for (int label = 0; label < kClasses; ++label) {
    for (int i = 0; i < counts[static_cast<std::size_t>(label)]; ++i) {
      for (std::size_t v = 0; v < kValues; ++v) {
        const double middle = v == static_cast<std::size_t>(label) ? 8 : 0;
        made.embeddings.push_back(static_cast<float>(middle + random.normal()));
      }
      made.truths.push_back(label);
    }
  }
  return made;
}

// What was x is x / 1.6 + offset: it shrinks, and moves towards the third class.
Clouds elsewhere(Clouds made) {
  for (std::size_t i = 0; i < made.embeddings.size(); ++i) {
    made.embeddings[i] = made.embeddings[i] / 1.6F + (i % kValues == 2 ? 5.0F : 0.5F);
  }
  return made;
}

model_file::Familiarity known() {
  const auto made = clouds({60, 60, 60}, 1);
  return predict::fit_familiarity(made.embeddings, made.truths, kClasses);
}

model_file::DenseHead head() {
  model_file::DenseHead head{kValues, std::vector<float>(kClasses * kValues),
                             std::vector<float>(kClasses)};
  for (std::size_t label = 0; label < kClasses; ++label) head.weights[label * kValues + label] = 1;
  return head;
}

double right(const Clouds& made, const Alignment& alignment) {
  int right = 0;
  for (std::size_t i = 0; i < made.truths.size(); ++i) {
    std::vector<float> moved;
    for (std::size_t v = 0; v < kValues; ++v) {
      moved.push_back(static_cast<float>(alignment.scale[v] * made.embeddings[i * kValues + v] +
                                         alignment.shift[v]));
    }
    const auto logits = logits_of(head(), moved);
    right += std::max_element(logits.begin(), logits.end()) - logits.begin() == made.truths[i];
  }
  return right / static_cast<double>(made.truths.size());
}

const Alignment kNone{std::vector<double>(kValues, 1), std::vector<double>(kValues, 0), 0, 0, {}};

TEST(Align, BringsAnotherLaboratorysClassesBack) {
  const auto made = elsewhere(clouds({40, 25, 15}, 2));
  EXPECT_LT(right(made, kNone), 0.9);
  const auto alignment = alignment_of(made.embeddings, head(), known());
  EXPECT_GT(right(made, alignment), 0.98);
  for (const double scale : alignment.scale) EXPECT_NEAR(scale, 1.6, 0.4 + 1e-9);
  EXPECT_GT(80 * alignment.offset, 4);
  EXPECT_NEAR(alignment.largest_share, 0.5, 0.02);
}

TEST(Align, LeavesTheKnownLaboratoryWhateverItsShares) {
  for (const auto& counts : {std::vector{30, 30, 30}, {80, 10, 5}, {50, 40, 0}}) {
    const auto made = clouds(counts, 3);
    const auto alignment = alignment_of(made.embeddings, head(), known());
    EXPECT_LT(static_cast<double>(made.truths.size()) * alignment.offset, 4);
    EXPECT_GT(right(made, alignment), 0.98);
    for (std::size_t v = 0; v < kValues; ++v) {
      EXPECT_NEAR(alignment.scale[v], 1, 0.25);
      EXPECT_NEAR(alignment.shift[v], 0, 0.6);
    }
  }
}

// A last layer that a value of mere noise misleads: each cell in ten is called the second class.
TEST(Align, NeighboursOutvoteALoneAnswer) {
  const auto made = clouds({40, 40, 40}, 6);
  auto misled = head();
  misled.weights[kValues + 5] = 6;
  int misled_cells = 0;
  for (std::size_t i = 0; i < made.truths.size(); ++i) {
    const auto logits = logits_of(
        misled,
        std::vector(made.embeddings.begin() + static_cast<std::ptrdiff_t>(i * kValues),
                    made.embeddings.begin() + static_cast<std::ptrdiff_t>((i + 1) * kValues)));
    misled_cells +=
        std::max_element(logits.begin(), logits.end()) - logits.begin() != made.truths[i];
  }
  EXPECT_GT(misled_cells, 6);
  const auto classes = alignment_of(made.embeddings, misled, known()).classes;
  int wrong = 0;
  for (std::size_t i = 0; i < classes.size(); ++i) wrong += classes[i] != made.truths[i];
  EXPECT_LT(3 * wrong, misled_cells) << misled_cells;
}

TEST(Align, StretchesAtMostTwofoldAndBearsValuesThatNeverChange) {
  auto made = clouds({20, 20, 20}, 4);
  for (std::size_t i = 0; i < made.embeddings.size(); ++i) {
    if (i % kValues == 4) made.embeddings[i] = 3;
    if (i % kValues == 5) made.embeddings[i] *= 50;
  }
  const auto alignment = alignment_of(made.embeddings, head(), known());
  EXPECT_EQ(alignment.scale[4], 2);
  EXPECT_EQ(alignment.scale[5], 0.5);
  EXPECT_TRUE(std::isfinite(alignment.offset));
}

TEST(Align, EvensClassesOfFourCellsOrMore) {
  const std::vector<int> classes{2, 0, 0, 2, 0, 0, 0, 1, 2, 2, 0};
  std::map<int, int> seen;
  const auto rows = evened(classes);
  for (const auto row : rows) ++seen[classes[row]];
  EXPECT_EQ(seen, (std::map<int, int>{{0, 6}, {2, 6}}));
  EXPECT_EQ(std::set(rows.begin(), rows.end()).size(), 10U);  // all but the lonely one
  EXPECT_EQ(evened({0, 1, 2}), (std::vector<std::size_t>{0, 1, 2}));
}

// The file answers for x as it did for the aligned x, in logits, distance and odds.
TEST(Align, TheFileTakesItIn) {
  auto model = test::colour_model();
  Random random(5, stream_of("taken in"), 0);
  std::vector<float> known_colours;
  std::vector<int> truths;
  for (int i = 0; i < 30; ++i) {
    for (int v = 0; v < 3; ++v) known_colours.push_back(static_cast<float>(random.uniform()));
    truths.push_back(i % 3);
  }
  model.description.trust = model_file::Trust{};
  auto& trust = *model.description.trust;
  trust.familiarity = predict::fit_familiarity(known_colours, truths, 3);
  trust.familiarity->threshold = 1;
  trust.other_things = {{1.5F, -2, 0.5F}, 0.3, 0};
  const Alignment alignment{{1.5, 0.6, 2}, {0.2, -0.4, 0.1}, 0, 0, {}};
  const auto aligned = with_alignment(model, alignment);
  ASSERT_OK(aligned);
  const auto before = model_file::dense_head(model);
  const auto after = model_file::dense_head(*aligned);
  for (int draw = 0; draw < 20; ++draw) {
    std::vector<float> x;
    std::vector<float> moved;
    for (std::size_t v = 0; v < 3; ++v) {
      x.push_back(static_cast<float>(random.uniform(-2, 2)));
      moved.push_back(static_cast<float>(alignment.scale[v] * x[v] + alignment.shift[v]));
    }
    const auto due = logits_of(*before, moved);
    const auto found = logits_of(*after, x);
    for (std::size_t label = 0; label < 3; ++label) EXPECT_NEAR(found[label], due[label], 1e-4);
    const auto& now = *aligned->description.trust;
    EXPECT_NEAR(predict::distance_from_known(x, *now.familiarity),
                predict::distance_from_known(moved, *trust.familiarity), 1e-3);
    EXPECT_NEAR(predict::other_thing_log_odds(x, *now.other_things),
                predict::other_thing_log_odds(moved, *trust.other_things), 1e-4);
  }
}

}  // namespace
}  // namespace bloodcell::adapt
