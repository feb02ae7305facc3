#include "families/grouping.hpp"

#include <algorithm>
#include <functional>
#include <map>
#include <numbers>
#include <optional>
#include <set>
#include <tuple>

namespace bloodcell::data {
namespace {

constexpr std::size_t kBatch = 512;          // pairs compared between two looks at the sets
constexpr std::size_t kFirstCandidates = 3;  // of each picture, to gather its nearest copies
constexpr std::size_t kTriesPerGroups = 8;   // pairs compared for the same two groups in one round
constexpr int kMostRounds = 5;

class Grouper {
 public:
  Grouper(const Context& context, std::span<const Fingerprint> fingerprints, std::size_t originals,
          std::size_t candidates)
      : context_(context),
        fingerprints_(fingerprints),
        originals_(originals),
        candidates_(candidates),
        grouping_(fingerprints.size()) {}

  Result<Grouping> by_index() {
    const Vocabulary vocabulary(context_.pool, fingerprints_);
    BC_CHECK(read_words(vocabulary));
    if (originals_ > 0) {
      const WordIndex index(fingerprints_.first(originals_), std::span(words_).first(originals_),
                            vocabulary.size());
      BC_CHECK(join_originals(index));
      BC_CHECK(join_files_to_originals(index));
    }
    const WordIndex index(fingerprints_, words_, vocabulary.size());
    BC_CHECK(join_rest(index));
    return std::move(grouping_);
  }

  Result<Grouping> by_every_pair() {
    std::vector<PicturePair> pairs;
    for (std::uint32_t a = 0; a < fingerprints_.size(); ++a) {
      for (std::uint32_t b = a + 1; b < fingerprints_.size(); ++b) {
        pairs.push_back({a, b, false, 0});
        pairs.push_back({a, b, true, 0});
        if (pairs.size() < kBatch) continue;
        BC_CHECK(compare_and_join(pairs));
        pairs.clear();
      }
    }
    BC_CHECK(compare_and_join(pairs));
    return std::move(grouping_);
  }

 private:
  [[nodiscard]] bool is_original(std::uint32_t picture) const { return picture < originals_; }

  // Work in shares, so that a request to stop is heard and progress is told.
  Result<void> in_shares(const char* what, std::size_t count,
                         const std::function<void(std::size_t)>& job) {
    for (std::size_t start = 0; start < count; start += kBatch) {
      BC_CHECK(context_.cancellation.check());
      context_.progress.update({what, start, count, "pictures", {}});
      context_.pool.for_each(std::min(kBatch, count - start),
                             [&](std::size_t i) { job(start + i); });
    }
    context_.progress.finish();
    return {};
  }

  Result<void> read_words(const Vocabulary& vocabulary) {
    words_.resize(fingerprints_.size());
    mirrored_words_.resize(fingerprints_.size());
    return in_shares("finding words", fingerprints_.size(), [&](std::size_t i) {
      if (fingerprints_[i].too_little()) return;
      words_[i] = vocabulary.words_of(fingerprints_[i]);
      mirrored_words_[i] = vocabulary.words_of(mirrored(fingerprints_[i]));
    });
  }

  // What the index proposes for one picture, straight and in the mirror, most votes first.
  std::vector<PicturePair> proposals_of(const WordIndex& index, std::uint32_t picture,
                                        std::size_t most,
                                        const std::function<bool(std::uint32_t)>& is_wanted) const {
    const auto& straight = fingerprints_[picture].keypoints;
    auto turned = straight;
    for (auto& point : turned) point.angle_rad = std::numbers::pi_v<float> - point.angle_rad;
    std::vector<PicturePair> pairs;
    for (const bool is_mirrored : {false, true}) {
      const auto& words = is_mirrored ? mirrored_words_[picture] : words_[picture];
      for (const auto& c : index.nearest(is_mirrored ? turned : straight, words, most, is_wanted)) {
        pairs.push_back(
            {std::min(picture, c.picture), std::max(picture, c.picture), is_mirrored, c.votes});
      }
    }
    std::stable_sort(pairs.begin(), pairs.end(),
                     [](const auto& x, const auto& y) { return x.votes > y.votes; });
    if (pairs.size() > most) pairs.resize(most);
    return pairs;
  }

  [[nodiscard]] std::optional<Overlap> compare(const PicturePair& pair) const {
    const Fingerprint& a = fingerprints_[pair.a];
    const Fingerprint& b = fingerprints_[pair.b];
    if (a.too_little() || b.too_little()) return std::nullopt;
    const auto overlap = pair.is_mirrored ? overlap_of(mirrored(a), b) : overlap_of(a, b);
    return overlap && is_same_field(*overlap) ? overlap : std::nullopt;
  }

  // Which of the pairs show one field. 1 or 0, not bool: threads write neighbours.
  Result<std::vector<std::uint8_t>> verified(const std::vector<PicturePair>& pairs) {
    std::vector<std::uint8_t> result(pairs.size());
    BC_CHECK(in_shares("comparing", pairs.size(),
                       [&](std::size_t i) { result[i] = compare(pairs[i]).has_value() ? 1 : 0; }));
    grouping_.pairs_proposed += pairs.size();
    grouping_.pairs_verified +=
        static_cast<std::size_t>(std::count(result.begin(), result.end(), std::uint8_t{1}));
    return result;
  }

  // Pairs that are in one set by now are left out.
  Result<void> compare_and_join(const std::vector<PicturePair>& pairs) {
    for (std::size_t start = 0; start < pairs.size(); start += kBatch) {
      std::vector<PicturePair> open;
      for (std::size_t i = start; i < std::min(pairs.size(), start + kBatch); ++i) {
        const auto& pair = pairs[i];
        if (grouping_.sets.root(pair.a) != grouping_.sets.root(pair.b)) open.push_back(pair);
      }
      BC_ASSIGN(const auto is_same, verified(open));
      for (std::size_t i = 0; i < open.size(); ++i) {
        if (is_same[i] != 0) grouping_.sets.join(open[i].a, open[i].b);
      }
    }
    return {};
  }

  // All pairs, also of those joined already: the list of overlaps is to be whole.
  Result<void> join_originals(const WordIndex& index) {
    std::vector<std::vector<PicturePair>> proposals(originals_);
    BC_CHECK(in_shares("looking up originals", originals_, [&](std::size_t i) {
      const auto picture = static_cast<std::uint32_t>(i);
      proposals[i] = proposals_of(index, picture, candidates_,
                                  [&](std::uint32_t other) { return other != picture; });
    }));
    std::set<std::tuple<std::uint32_t, std::uint32_t, bool>> seen;
    std::vector<PicturePair> pairs;
    for (const auto& of_picture : proposals) {
      for (const auto& pair : of_picture) {
        if (seen.emplace(pair.a, pair.b, pair.is_mirrored).second) pairs.push_back(pair);
      }
    }
    BC_ASSIGN(const auto is_same, verified(pairs));
    std::set<std::pair<std::uint32_t, std::uint32_t>> overlapping;
    for (std::size_t i = 0; i < pairs.size(); ++i) {
      if (is_same[i] == 0) continue;
      grouping_.sets.join(pairs[i].a, pairs[i].b);
      overlapping.emplace(pairs[i].a, pairs[i].b);
    }
    grouping_.overlapping_originals.assign(overlapping.begin(), overlapping.end());
    return {};
  }

  // Each file's candidates in turn until one is verified.
  Result<void> join_files_to_originals(const WordIndex& index) {
    const std::size_t files = fingerprints_.size() - originals_;
    std::vector<std::vector<PicturePair>> proposals(files);
    BC_CHECK(in_shares("looking up originals", files, [&](std::size_t i) {
      proposals[i] = proposals_of(index, static_cast<std::uint32_t>(originals_ + i), candidates_,
                                  [](std::uint32_t) { return true; });
    }));
    std::vector<std::uint8_t> has_original(files);
    for (std::size_t turn = 0; turn < candidates_; ++turn) {
      std::vector<PicturePair> pairs;
      for (std::size_t i = 0; i < files; ++i) {
        if (has_original[i] == 0 && turn < proposals[i].size()) pairs.push_back(proposals[i][turn]);
      }
      BC_ASSIGN(const auto is_same, verified(pairs));
      for (std::size_t i = 0; i < pairs.size(); ++i) {
        if (is_same[i] == 0) continue;
        grouping_.sets.join(pairs[i].a, pairs[i].b);
        has_original[pairs[i].b - originals_] = 1;
      }
    }
    return {};
  }

  // Rounds of proposals between different groups, until a round joins nothing. Pictures joined to
  // an original have no questions of their own: their original stands for them.
  Result<void> join_rest(const WordIndex& index) {
    std::set<std::tuple<std::uint32_t, std::uint32_t, bool>> compared;
    for (int round = 0; round < kMostRounds; ++round) {
      const std::size_t most = round == 0 ? kFirstCandidates : candidates_;
      BC_ASSIGN(const auto proposals, open_proposals(index, std::min(most, candidates_)));
      auto waves = waves_of(proposals, compared);
      std::size_t joined = 0;
      for (const auto& wave : waves) {
        const std::size_t before = sets_left();
        BC_CHECK(compare_and_join(wave));
        joined += before - sets_left();
      }
      if (round > 0 && joined == 0) break;
    }
    return {};
  }

  Result<std::vector<PicturePair>> open_proposals(const WordIndex& index, std::size_t most) {
    std::vector<std::uint32_t> root(fingerprints_.size());
    std::vector<std::uint8_t> holds_original(fingerprints_.size());
    for (std::uint32_t i = 0; i < root.size(); ++i) {
      root[i] = static_cast<std::uint32_t>(grouping_.sets.root(i));
      if (is_original(i)) holds_original[root[i]] = 1;
    }
    std::vector<std::uint32_t> asking;
    for (std::uint32_t i = 0; i < root.size(); ++i) {
      if (holds_original[root[i]] == 0) asking.push_back(i);
    }
    std::vector<std::vector<PicturePair>> proposals(asking.size());
    BC_CHECK(in_shares("looking up", asking.size(), [&](std::size_t i) {
      proposals[i] = proposals_of(index, asking[i], most, [&](std::uint32_t other) {
        return root[other] != root[asking[i]];
      });
    }));
    std::vector<PicturePair> result;
    for (const auto& some : proposals) result.insert(result.end(), some.begin(), some.end());
    return result;
  }

  // Wave w holds the w-th best pair of every two groups, so that one success saves the rest.
  std::vector<std::vector<PicturePair>> waves_of(
      const std::vector<PicturePair>& proposals,
      std::set<std::tuple<std::uint32_t, std::uint32_t, bool>>& compared) {
    std::map<std::pair<std::size_t, std::size_t>, std::vector<PicturePair>> of_groups;
    for (const auto& pair : proposals) {
      const std::pair<std::size_t, std::size_t> groups =
          std::minmax({grouping_.sets.root(pair.a), grouping_.sets.root(pair.b)});
      of_groups[groups].push_back(pair);
    }
    std::vector<std::vector<PicturePair>> waves(kTriesPerGroups);
    for (auto& [groups, pairs] : of_groups) {
      std::stable_sort(pairs.begin(), pairs.end(),
                       [](const auto& x, const auto& y) { return x.votes > y.votes; });
      std::size_t tries = 0;
      for (const auto& pair : pairs) {
        if (tries == kTriesPerGroups) break;
        if (!compared.emplace(pair.a, pair.b, pair.is_mirrored).second) continue;
        waves[tries++].push_back(pair);
      }
    }
    return waves;
  }

  [[nodiscard]] std::size_t sets_left() {
    std::size_t count = 0;
    for (std::size_t i = 0; i < fingerprints_.size(); ++i) count += grouping_.sets.root(i) == i;
    return count;
  }

  const Context& context_;
  std::span<const Fingerprint> fingerprints_;
  std::size_t originals_;
  std::size_t candidates_;
  Grouping grouping_;
  std::vector<std::vector<Word>> words_;
  std::vector<std::vector<Word>> mirrored_words_;
};

}  // namespace

Result<Grouping> group(const Context& context, std::span<const Fingerprint> fingerprints,
                       std::size_t originals, std::size_t candidates, bool every_pair) {
  Grouper grouper(context, fingerprints, originals, candidates);
  return every_pair ? grouper.by_every_pair() : grouper.by_index();
}

}  // namespace bloodcell::data
