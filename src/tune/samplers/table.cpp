#include "table.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <unordered_map>
#include <utility>

namespace bloodcell::tune {
namespace {

constexpr double kAbsent = std::numeric_limits<double>::quiet_NaN();

// Every bit of the result depends on every bit (Steele et al. 2014, SplitMix64).
std::uint64_t mixed(std::uint64_t x) {
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ULL;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebULL;
  return x ^ (x >> 31);
}

bool is_wanted(const TrialRecord& trial, bool with_running, int but) {
  if (trial.number == but) return false;
  if (trial.state == TrialState::running) return with_running;
  return trial.state == TrialState::pruned ||
         (trial.state == TrialState::complete && !trial.values.empty());
}

// Column numbers by name. Trials mostly ask for the same names in the same order: the last trial's
// columns are tried first.
class Columns {
 public:
  explicit Columns(Table& table) : table_(table) {}

  std::size_t of(const Parameter& parameter, std::size_t place) {
    if (place < last_.size() && table_.names[last_[place]] == parameter.name) return last_[place];
    const auto [found, is_new] = numbers_.try_emplace(parameter.name, table_.names.size());
    if (is_new) {
      table_.names.push_back(parameter.name);
      table_.distributions.push_back(parameter.distribution);
    }
    if (place >= last_.size()) last_.resize(place + 1);
    last_[place] = found->second;
    return found->second;
  }

 private:
  Table& table_;
  std::unordered_map<std::string, std::size_t> numbers_;
  std::vector<std::size_t> last_;
};

}  // namespace

Table read_table(const StudyView& study, bool with_running, int but) {
  Table table;
  Columns columns(table);
  std::vector<std::pair<std::size_t, double>> cells;
  std::vector<std::size_t> begins;
  for (const auto& trial : study.trials) {
    if (!is_wanted(trial, with_running, but)) continue;
    table.trials.push_back(&trial);
    begins.push_back(cells.size());
    for (std::size_t i = 0; i < trial.parameters.size(); ++i)
      cells.emplace_back(columns.of(trial.parameters[i], i), trial.parameters[i].inner);
  }
  begins.push_back(cells.size());
  table.values.assign(table.trials.size() * table.names.size(), kAbsent);
  for (std::size_t t = 0; t < table.trials.size(); ++t) {
    for (std::size_t i = begins[t]; i < begins[t + 1]; ++i)
      table.values[t * table.names.size() + cells[i].first] = cells[i].second;
  }
  for (std::size_t n = 0; n < table.names.size(); ++n) {
    for (std::size_t t = table.trials.size(); t > 0; --t) {
      if (std::isnan(table.at(t - 1, n))) continue;
      table.distributions[n] = table.trials[t - 1]->find(table.names[n])->distribution;
      break;
    }
  }
  return table;
}

std::vector<std::vector<std::size_t>> groups_of(const Table& table) {
  // Columns with the same fingerprint stand in the same trials.
  std::map<std::uint64_t, std::vector<std::size_t>> groups;
  for (std::size_t n = 0; n < table.names.size(); ++n) {
    if (is_single(table.distributions[n])) continue;
    std::uint64_t print = 0;
    bool is_known = false;
    for (std::size_t t = 0; t < table.trials.size(); ++t) {
      if (std::isnan(table.at(t, n)) || !is_finished(table.trials[t]->state)) continue;
      print = mixed(print ^ (t + 1));
      is_known = true;
    }
    if (is_known) groups[print].push_back(n);
  }
  std::vector<std::vector<std::size_t>> found;
  for (auto& [print, columns] : groups) found.push_back(std::move(columns));
  std::ranges::sort(found);
  return found;
}

std::vector<std::vector<std::size_t>> common_group_of(const Table& table) {
  std::vector<std::size_t> common;
  for (std::size_t n = 0; n < table.names.size(); ++n) {
    if (is_single(table.distributions[n])) continue;
    bool is_common = true;
    for (std::size_t t = 0; t < table.trials.size() && is_common; ++t)
      is_common = !is_finished(table.trials[t]->state) || !std::isnan(table.at(t, n));
    if (is_common) common.push_back(n);
  }
  if (common.empty()) return {};
  return {std::move(common)};
}

}  // namespace bloodcell::tune
