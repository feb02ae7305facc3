#include <bloodcell/tune/study.hpp>

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include <nlohmann/json.hpp>

namespace bloodcell::tune {
namespace {

using Json = nlohmann::ordered_json;

// Optuna's keys among the system attributes.
constexpr const char* kFixed = "fixed_params";
constexpr const char* kRetryOf = "failed_trial";
constexpr const char* kRetries = "retry_history";
constexpr const char* kFailure = "failure";  // a user attribute of ours

std::vector<std::pair<std::string, Value>> fixed_values(const TrialRecord& record) {
  std::vector<std::pair<std::string, Value>> fixed;
  const auto found = record.system_attributes.find(kFixed);
  if (found == record.system_attributes.end()) return fixed;
  const Json json = Json::parse(found->second, nullptr, false);
  if (!json.is_object()) return fixed;
  for (const auto& [name, held] : json.items()) {
    if (auto value = value_from_json(held.dump())) fixed.emplace_back(name, std::move(*value));
  }
  return fixed;
}

// Waiting again with all that the failed trial was to try. Nothing when it was tried often enough.
std::optional<TrialRecord> retry_of(const TrialRecord& failed, int retries) {
  TrialRecord again;
  again.state = TrialState::waiting;
  again.parameters = failed.parameters;
  again.reports = failed.reports;
  again.user_attributes = failed.user_attributes;
  again.system_attributes = failed.system_attributes;
  Json history = Json::array();
  if (const auto found = again.system_attributes.find(kRetries);
      found != again.system_attributes.end()) {
    const Json before = Json::parse(found->second, nullptr, false);
    if (before.is_array()) history = before;
  }
  if (static_cast<int>(history.size()) >= retries) return std::nullopt;
  history.push_back(failed.number);
  again.system_attributes.try_emplace(kRetryOf, std::to_string(failed.number));
  again.system_attributes[kRetries] = history.dump();
  return again;
}

template <class T>
T* find_named(std::vector<std::pair<std::string, T>>& pairs, const std::string& name) {
  const auto found = std::ranges::find(pairs, name, &std::pair<std::string, T>::first);
  return found == pairs.end() ? nullptr : &found->second;
}

Result<void> check_values(const std::vector<double>& values, std::size_t objectives) {
  if (values.size() != objectives) {
    return fail(ErrorCode::usage,
                fmt::format("{} values for a study of {} objectives", values.size(), objectives));
  }
  if (std::ranges::any_of(values, [](double value) { return std::isnan(value); }))
    return fail(ErrorCode::usage, "a value that is not a number", {}, "tell that the trial failed");
  return {};
}

}  // namespace

bool is_retry(const TrialRecord& trial) { return trial.system_attributes.contains(kRetries); }

int first_number(const TrialRecord& trial) {
  const auto found = trial.system_attributes.find(kRetries);
  if (found == trial.system_attributes.end()) return trial.number;
  const Json history = Json::parse(found->second, nullptr, false);
  const bool is_list =
      history.is_array() && !history.empty() && history.front().is_number_integer();
  return is_list ? history.front().get<int>() : trial.number;
}

Trial::Trial(Study& study, TrialRecord record)
    : study_(&study), record_(std::move(record)), fixed_(fixed_values(record_)) {
  if (record_.parameters.empty())
    together_ = study.sampler_->sample_together(study.view(), record_);
}

Result<Value> Trial::suggest(const std::string& name, const Distribution& distribution) {
  if (const auto* known = record_.find(name)) {
    BC_CHECK(check_compatible(known->distribution, distribution));
    return known->value();
  }
  Parameter parameter{name, 0, distribution};
  BC_ASSIGN(parameter.distribution, checked(distribution));
  BC_CHECK(study_->check_known(parameter));
  const auto chosen = std::ranges::find(together_, name, &Parameter::name);
  if (const Value* fixed = find_named(fixed_, name)) {
    BC_ASSIGN(parameter.inner, inner_of(parameter.distribution, *fixed));
  } else if (is_single(parameter.distribution)) {
    parameter.inner = first_of(parameter.distribution);
  } else if (chosen != together_.end() && contains(parameter.distribution, chosen->inner)) {
    parameter.inner = chosen->inner;
  } else {
    parameter.inner =
        study_->sampler_->sample_one(study_->view(), record_, name, parameter.distribution);
  }
  BC_CHECK(study_->storage_->set_parameter(record_.id, parameter));
  record_.parameters.push_back(parameter);
  return parameter.value();
}

Result<double> Trial::suggest_float(const std::string& name, const FloatRange& range) {
  BC_ASSIGN(const auto value, suggest(name, range));
  return std::get<double>(value);
}

Result<std::int64_t> Trial::suggest_int(const std::string& name, const IntRange& range) {
  BC_ASSIGN(const auto value, suggest(name, range));
  return std::get<std::int64_t>(value);
}

Result<Value> Trial::suggest_choice(const std::string& name, const std::vector<Value>& choices) {
  return suggest(name, Categories{choices});
}

Result<void> Trial::report(int step, double value) {
  if (step < 0) return fail(ErrorCode::usage, "steps count from 0");
  if (record_.reports.contains(step)) return {};
  BC_CHECK(study_->storage_->set_report(record_.id, step, value));
  record_.reports[step] = value;
  return {};
}

Result<bool> Trial::should_prune() {
  if (study_->info_.directions.size() != 1 || record_.reports.empty()) return false;
  BC_ASSIGN(const auto view, study_->look());
  return study_->pruner_->should_prune(view, record_);
}

Result<void> Trial::set_attribute(const std::string& key, const Value& value) {
  BC_CHECK(
      study_->storage_->set_attribute(record_.id, AttributeKind::user, key, value_to_json(value)));
  record_.user_attributes[key] = value_to_json(value);
  return {};
}

Result<void> Trial::set_constraint(const std::string& name, double value) {
  if (std::isnan(value)) return fail(ErrorCode::usage, "a constraint that is not a number");
  BC_CHECK(study_->storage_->set_attribute(record_.id, AttributeKind::system, constraint_key(name),
                                           number_to_json(value)));
  record_.constraints[name] = value;
  return {};
}

Result<void> Trial::beat() const { return study_->storage_->beat(record_.id); }

Study::Study(Storage& storage, StudyInfo info, std::unique_ptr<Sampler> sampler,
             std::unique_ptr<Pruner> pruner)
    : storage_(&storage),
      info_(std::move(info)),
      sampler_(std::move(sampler)),
      pruner_(std::move(pruner)) {}

Result<Study> Study::open(Storage& storage, const std::string& name,
                          const std::vector<Direction>& directions,
                          std::unique_ptr<Sampler> sampler, std::unique_ptr<Pruner> pruner) {
  auto info = storage.find_study(name);
  if (!info && info.error().code == ErrorCode::not_found) {
    info = storage.create_study(name, directions);
    // Another worker may have made it in between.
    if (!info) {
      if (auto found = storage.find_study(name)) info = std::move(found);
    }
  }
  if (!info) return tl::unexpected(std::move(info).error());
  if (info->directions != directions) {
    return fail(ErrorCode::mismatch, fmt::format("the study {} has other directions", name), {},
                "give another name");
  }
  return Study(storage, std::move(*info), std::move(sampler), std::move(pruner));
}

StudyView Study::view() const { return {info_.name, info_.directions, known_}; }

Result<void> Study::check_known(const Parameter& parameter) const {
  for (auto trial = known_.rbegin(); trial != known_.rend(); ++trial) {
    if (const auto* known = trial->find(parameter.name))
      return check_compatible(known->distribution, parameter.distribution);
  }
  return {};
}

Result<StudyView> Study::look() {
  BC_CHECK(storage_->refresh(info_.id, known_));
  return view();
}

Result<TrialRecord> Study::next_record() {
  for (auto& trial : known_) {
    if (trial.state != TrialState::waiting) continue;
    BC_ASSIGN(const bool is_ours, storage_->claim(trial.id));
    if (!is_ours) continue;
    trial.state = TrialState::running;
    return trial;
  }
  TrialRecord record;
  record.started = now();
  BC_ASSIGN(record, storage_->add_trial(info_.id, std::move(record)));
  return record;
}

Result<Trial> Study::ask() {
  BC_CHECK(storage_->refresh(info_.id, known_));
  BC_ASSIGN(auto record, next_record());
  return Trial(*this, std::move(record));
}

Result<void> Study::tell(const Trial& trial, const std::vector<double>& values) {
  BC_CHECK(check_values(values, info_.directions.size()));
  return storage_->finish(trial.record_.id, TrialState::complete, values);
}

Result<void> Study::tell_pruned(const Trial& trial) {
  std::vector<double> values;
  const auto& reports = trial.record_.reports;
  if (!reports.empty() && !std::isnan(reports.rbegin()->second) && info_.directions.size() == 1)
    values = {reports.rbegin()->second};
  return storage_->finish(trial.record_.id, TrialState::pruned, values);
}

Result<void> Study::tell_failed(const Trial& trial, const std::string& reason) {
  BC_CHECK(storage_->set_attribute(trial.record_.id, AttributeKind::user, kFailure,
                                   value_to_json(reason)));
  return storage_->finish(trial.record_.id, TrialState::failed, {});
}

Result<void> Study::give_back(const Trial& trial) {
  BC_CHECK(storage_->finish(trial.record_.id, TrialState::failed, {}));
  constexpr int kAnyNumber = std::numeric_limits<int>::max();
  if (auto again = retry_of(trial.record_, kAnyNumber)) {
    BC_ASSIGN(*again, storage_->add_trial(info_.id, std::move(*again)));
  }
  return {};
}

Result<bool> Study::is_exhausted() {
  BC_ASSIGN(const auto view, look());
  return sampler_->is_exhausted(view);
}

Result<void> Study::enqueue(const std::vector<std::pair<std::string, Value>>& values) {
  Json fixed = Json::object();
  for (const auto& [name, value] : values) fixed[name] = Json::parse(value_to_json(value));
  TrialRecord record;
  record.state = TrialState::waiting;
  record.system_attributes[kFixed] = fixed.dump();
  BC_ASSIGN(record, storage_->add_trial(info_.id, std::move(record)));
  return {};
}

Result<std::vector<int>> Study::fail_stale(std::chrono::seconds grace, int retries) {
  std::vector<int> numbers;
  BC_ASSIGN(const auto stale, storage_->stale_trials(info_.id, grace));
  if (stale.empty()) return numbers;
  BC_CHECK(storage_->refresh(info_.id, known_));
  for (const std::int64_t id : stale) {
    const auto trial = std::ranges::find(known_, id, &TrialRecord::id);
    if (trial == known_.end()) continue;
    // An error here: another worker was first, or it has just finished after all.
    if (!storage_->finish(id, TrialState::failed, {})) continue;
    numbers.push_back(trial->number);
    if (auto again = retry_of(*trial, retries)) {
      BC_ASSIGN(*again, storage_->add_trial(info_.id, std::move(*again)));
    }
  }
  return numbers;
}

}  // namespace bloodcell::tune
