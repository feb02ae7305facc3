#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <vector>

#include <rapidcheck.h>

#include <bloodcell/base/random.hpp>

#include "small_sets.hpp"

namespace bloodcell::data {
namespace {

constexpr int kFiles = 300;

// Sets of random families and classes over files that are written once.
class RandomSets {
 public:
  RandomSets() {
    for (int i = 0; i < kFiles; ++i) {
      files_.push_back(fmt::format("{:03}.png", i));
      EXPECT_TRUE(write_text(folder_ / files_.back(), files_.back()).has_value());
    }
  }

  [[nodiscard]] Dataset draw() const {
    Dataset dataset;
    dataset.root = folder_.path();
    dataset.labels = {"a", "b", "c"};
    dataset.has_families = true;
    const int labels = *rc::gen::inRange(1, 4);
    for (int label = 0; label < labels; ++label) {
      const int families = *rc::gen::inRange(6, 14);
      for (int family = 0; family < families; ++family) {
        const int copies = *rc::gen::inRange(1, 8);
        for (int copy = 0; copy < copies && dataset.samples.size() < kFiles; ++copy) {
          Sample sample;
          sample.file = files_[dataset.samples.size()];
          sample.label = label;
          sample.family = fmt::format("{}-{}", label, family);
          dataset.samples.push_back(sample);
        }
      }
    }
    return dataset;
  }

 private:
  test::TemporaryFolder folder_;
  std::vector<std::string> files_;
};

struct ClassCount {
  std::map<std::string, int> in_part;
  std::map<std::string, int> in_family;
  int images = 0;

  [[nodiscard]] int largest_family() const {
    int largest = 0;
    for (const auto& [name, images_of] : in_family) largest = std::max(largest, images_of);
    return largest;
  }
};

std::map<std::string, ClassCount> count(const Split& split) {
  std::map<std::string, ClassCount> classes;
  for (const auto& entry : split.entries) {
    ClassCount& of_class = classes[entry.label];
    ++of_class.in_part[entry.part];
    ++of_class.in_family[entry.family];
    ++of_class.images;
  }
  return classes;
}

void check_no_family_on_two_sides(const Split& split) {
  std::map<std::string, std::set<std::string>> parts;
  for (const auto& entry : split.entries) parts[entry.family].insert(entry.part);
  for (const auto& [family, of_family] : parts) RC_ASSERT(of_family.size() == 1U);
  RC_ASSERT(find_leaks(split).empty());
}

void check_each_sample_once(const Dataset& dataset, const Split& split) {
  std::set<std::string> parts;
  for (const auto& entry : split.entries) parts.insert(entry.part);
  std::vector<int> seen(dataset.samples.size());
  for (const auto& part : parts) {
    const auto samples = samples_of(dataset, split, part);
    RC_ASSERT(samples.has_value());
    for (const std::size_t i : *samples) ++seen[i];
  }
  RC_ASSERT(std::all_of(seen.begin(), seen.end(), [](int times) { return times == 1; }));
}

TEST(SplitProperties, NoFamilyOnTwoSidesEachSampleOnceSharesNearWhatWasAsked) {
  const RandomSets sets;
  OwnContext own;
  ASSERT_TRUE(rc::check([&] {
    const Dataset dataset = sets.draw();
    SplitOptions options;
    options.seed = *rc::gen::arbitrary<std::uint64_t>();
    options.validation = *rc::gen::inRange(1, 40) / 100.0;
    options.test = *rc::gen::inRange(1, 40) / 100.0;
    const auto split = make_split(own.get(), dataset, options);
    RC_ASSERT(split.has_value());
    RC_ASSERT(split->entries.size() == dataset.samples.size());
    check_no_family_on_two_sides(*split);
    check_each_sample_once(dataset, *split);

    const std::map<std::string, double> asked{{"train", 1 - options.validation - options.test},
                                              {"validation", options.validation},
                                              {"test", options.test}};
    for (const auto& [label, of_class] : count(*split)) {
      for (const auto& [part, share] : asked) {
        RC_ASSERT(of_class.in_part.contains(part));
        // A part is never given a family once it has its share, so no part has more than one
        // family too many; what one lacks, the two others have.
        const double off = of_class.in_part.at(part) - share * of_class.images;
        RC_ASSERT(std::abs(off) <= 2.0 * of_class.largest_family());
      }
    }
  }));
}

TEST(SplitProperties, TheSameSeedGivesTheSameSplitWhateverTheOrderOfSamples) {
  const RandomSets sets;
  OwnContext one(1);
  OwnContext three(3);
  ASSERT_TRUE(rc::check([&] {
    Dataset dataset = sets.draw();
    SplitOptions options;
    options.seed = *rc::gen::arbitrary<std::uint64_t>();
    const auto first = make_split(one.get(), dataset, options);
    Random(options.seed, 1, 1).shuffle(std::span(dataset.samples));
    const auto second = make_split(three.get(), dataset, options);
    RC_ASSERT(first.has_value() && second.has_value());
    RC_ASSERT(to_json_text(*first) == to_json_text(*second));
  }));
}

TEST(SplitProperties, FoldsAreBalancedWithinOneFamily) {
  const RandomSets sets;
  OwnContext own;
  ASSERT_TRUE(rc::check([&] {
    const Dataset dataset = sets.draw();
    SplitOptions options;
    options.seed = *rc::gen::arbitrary<std::uint64_t>();
    options.folds = *rc::gen::inRange(2, 7);
    const auto split = make_split(own.get(), dataset, options);
    RC_ASSERT(split.has_value());
    check_no_family_on_two_sides(*split);
    check_each_sample_once(dataset, *split);
    for (const auto& [label, of_class] : count(*split)) {
      RC_ASSERT(static_cast<int>(of_class.in_part.size()) == options.folds);
      const auto [fewest, most] =
          std::minmax_element(of_class.in_part.begin(), of_class.in_part.end(),
                              [](const auto& a, const auto& b) { return a.second < b.second; });
      RC_ASSERT(most->second - fewest->second <= of_class.largest_family());
    }
    for (int fold = 0; fold < options.folds; ++fold) {
      const auto inside = samples_of(dataset, *split, fmt::format("fold{}", fold));
      const auto outside = samples_of(dataset, *split, fmt::format("!fold{}", fold));
      RC_ASSERT(inside.has_value() && outside.has_value());
      RC_ASSERT(inside->size() + outside->size() == dataset.samples.size());
    }
  }));
}

TEST(SplitProperties, APublishedTestPartNeverSharesAFamilyWithWhatIsLearntFrom) {
  const RandomSets sets;
  OwnContext own;
  ASSERT_TRUE(rc::check([&] {
    Dataset dataset = sets.draw();
    for (auto& sample : dataset.samples) {
      sample.part = *rc::gen::weightedElement<std::string>({{40, "TRAIN"}, {1, "TEST"}});
    }
    dataset.samples[0].part = "TEST";
    SplitOptions options;
    options.test_part = "TEST";
    options.validation = 0;
    const auto split = make_split(own.get(), dataset, options);
    if (!split) {
      RC_ASSERT(split.error().code == ErrorCode::usage);
      return;
    }
    RC_ASSERT(find_leaks(*split).empty());
    for (const auto& sample : dataset.samples) {
      RC_ASSERT((part_of(*split, sample.file) == "test") == (sample.part == "TEST"));
    }
  }));
}

}  // namespace
}  // namespace bloodcell::data
