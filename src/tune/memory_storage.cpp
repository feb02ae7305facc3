#include <algorithm>
#include <map>
#include <mutex>
#include <utility>

#include <bloodcell/tune/storage.hpp>

namespace bloodcell::tune {
namespace {

struct Place {
  std::size_t study = 0;
  std::size_t number = 0;
};

class MemoryStorage final : public Storage {
 public:
  Result<StudyInfo> create_study(const std::string& name,
                                 const std::vector<Direction>& directions) override {
    const std::lock_guard lock(mutex_);
    if (directions.empty()) return fail(ErrorCode::usage, "a study needs a direction");
    if (std::ranges::find(studies_, name, &StudyInfo::name) != studies_.end())
      return fail(ErrorCode::usage, fmt::format("there is a study {} already", name));
    StudyInfo study;
    study.id = static_cast<std::int64_t>(studies_.size()) + 1;
    study.name = name;
    study.directions = directions;
    studies_.push_back(study);
    trials_.emplace_back();
    return study;
  }

  Result<StudyInfo> find_study(const std::string& name) override {
    const std::lock_guard lock(mutex_);
    const auto found = std::ranges::find(studies_, name, &StudyInfo::name);
    if (found == studies_.end())
      return fail(ErrorCode::not_found, fmt::format("there is no study {}", name));
    return *found;
  }

  Result<std::vector<StudyInfo>> studies() override {
    const std::lock_guard lock(mutex_);
    return studies_;
  }

  Result<void> set_study_attribute(std::int64_t study, const std::string& key,
                                   const std::string& json) override {
    const std::lock_guard lock(mutex_);
    studies_[index_of(study)].user_attributes[key] = json;
    return {};
  }

  Result<TrialRecord> add_trial(std::int64_t study, TrialRecord trial) override {
    const std::lock_guard lock(mutex_);
    auto& trials = trials_[index_of(study)];
    trial.number = static_cast<int>(trials.size());
    trial.id = static_cast<std::int64_t>(places_.size()) + 1;
    places_.push_back({index_of(study), trials.size()});
    read_constraints(trial);
    trials.push_back(trial);
    return trial;
  }

  Result<bool> claim(std::int64_t trial) override {
    const std::lock_guard lock(mutex_);
    TrialRecord& record = at(trial);
    if (record.state != TrialState::waiting) return false;
    record.state = TrialState::running;
    record.started = now();
    return true;
  }

  Result<void> set_parameter(std::int64_t trial, const Parameter& parameter) override {
    return change(trial, [&](TrialRecord& record) { record.parameters.push_back(parameter); });
  }

  Result<void> set_report(std::int64_t trial, int step, double value) override {
    return change(trial, [&](TrialRecord& record) { record.reports[step] = value; });
  }

  Result<void> set_attribute(std::int64_t trial, AttributeKind kind, const std::string& key,
                             const std::string& json) override {
    return change(trial, [&](TrialRecord& record) {
      auto& attributes =
          kind == AttributeKind::user ? record.user_attributes : record.system_attributes;
      attributes[key] = json;
      if (kind == AttributeKind::system) read_constraints(record);
    });
  }

  Result<void> finish(std::int64_t trial, TrialState state,
                      const std::vector<double>& values) override {
    return change(trial, [&](TrialRecord& record) {
      record.state = state;
      record.values = values;
      record.completed = now();
    });
  }

  Result<void> refresh(std::int64_t study, std::vector<TrialRecord>& known) override {
    const std::lock_guard lock(mutex_);
    const auto& trials = trials_[index_of(study)];
    for (std::size_t i = 0; i < known.size(); ++i) {
      if (!is_finished(known[i].state)) known[i] = trials[i];
    }
    known.insert(known.end(), trials.begin() + static_cast<std::ptrdiff_t>(known.size()),
                 trials.end());
    return {};
  }

  Result<void> beat(std::int64_t trial) override {
    const std::lock_guard lock(mutex_);
    beats_[trial] = now();
    return {};
  }

  Result<std::vector<std::int64_t>> stale_trials(std::int64_t study,
                                                 std::chrono::seconds grace) override {
    const std::lock_guard lock(mutex_);
    std::vector<std::int64_t> stale;
    for (const auto& trial : trials_[index_of(study)]) {
      const auto beat = beats_.find(trial.id);
      if (trial.state == TrialState::running && beat != beats_.end() &&
          now() - beat->second > grace)
        stale.push_back(trial.id);
    }
    return stale;
  }

 private:
  static std::size_t index_of(std::int64_t id) { return static_cast<std::size_t>(id) - 1; }

  TrialRecord& at(std::int64_t trial) {
    const Place place = places_.at(index_of(trial));
    return trials_[place.study][place.number];
  }

  template <class Change>
  Result<void> change(std::int64_t trial, const Change& apply) {
    const std::lock_guard lock(mutex_);
    TrialRecord& record = at(trial);
    if (is_finished(record.state))
      return fail(ErrorCode::usage, fmt::format("trial {} is finished", record.number));
    apply(record);
    return {};
  }

  std::mutex mutex_;  // guards all below
  std::vector<StudyInfo> studies_;
  std::vector<std::vector<TrialRecord>> trials_;  // of each study
  std::vector<Place> places_;                     // of each trial's id
  std::map<std::int64_t, Time> beats_;
};

}  // namespace

std::unique_ptr<Storage> memory_storage() { return std::make_unique<MemoryStorage>(); }

}  // namespace bloodcell::tune
