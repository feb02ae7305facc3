#include "rows.hpp"

#include <utility>

#include "values.hpp"

namespace bloodcell::tune {
namespace {

using Attributes = std::map<std::string, std::string>;

Result<Attributes> read_attributes(Database& database, std::string_view sql, std::int64_t owner) {
  BC_ASSIGN(auto row, database.prepare(sql));
  row.bind(owner);
  Attributes attributes;
  while (true) {
    BC_ASSIGN(const bool has_row, row.next());
    if (!has_row) return attributes;
    attributes[row.text(0)] = row.text(1);
  }
}

Result<void> read_parameters(Database& database, TrialRecord& trial) {
  BC_ASSIGN(auto row, database.prepare("SELECT param_name, param_value, distribution_json FROM "
                                       "trial_params WHERE trial_id = ? ORDER BY param_id"));
  row.bind(trial.id);
  while (true) {
    BC_ASSIGN(const bool has_row, row.next());
    if (!has_row) return {};
    Parameter parameter{row.text(0), row.number(1), {}};
    BC_ASSIGN(parameter.distribution, distribution_from_json(row.text(2)));
    const std::size_t choices = choice_count(parameter.distribution);
    if (choices > 0 && !contains(parameter.distribution, parameter.inner)) {
      return fail(ErrorCode::malformed,
                  fmt::format("trial {}: {} is none of the {} choices of {}", trial.number,
                              parameter.inner, choices, parameter.name));
    }
    trial.parameters.push_back(std::move(parameter));
  }
}

Result<void> read_reports(Database& database, TrialRecord& trial) {
  BC_ASSIGN(auto row,
            database.prepare("SELECT step, intermediate_value, intermediate_value_type FROM "
                             "trial_intermediate_values WHERE trial_id = ?"));
  row.bind(trial.id);
  while (true) {
    BC_ASSIGN(const bool has_row, row.next());
    if (!has_row) return {};
    BC_ASSIGN(trial.reports[static_cast<int>(row.integer(0))], number_of(row, 1));
  }
}

Result<void> read_values(Database& database, TrialRecord& trial) {
  BC_ASSIGN(auto row, database.prepare("SELECT value, value_type FROM trial_values "
                                       "WHERE trial_id = ? ORDER BY objective"));
  row.bind(trial.id);
  while (true) {
    BC_ASSIGN(const bool has_row, row.next());
    if (!has_row) return {};
    BC_ASSIGN(const double value, number_of(row, 0));
    trial.values.push_back(value);
  }
}

constexpr std::string_view kTrialColumns =
    "SELECT trial_id, number, state, datetime_start, datetime_complete, (SELECT count(*) FROM "
    "study_directions WHERE study_directions.study_id = trials.study_id) FROM trials WHERE ";

// From a row of kTrialColumns, with all that hangs on it.
Result<TrialRecord> trial_of(Database& database, const Statement& row) {
  TrialRecord trial;
  trial.id = row.integer(0);
  trial.number = static_cast<int>(row.integer(1));
  BC_ASSIGN(trial.state, state_of(row.text(2)));
  trial.started = time_of(row.text(3));
  trial.completed = time_of(row.text(4));
  BC_CHECK(read_parameters(database, trial));
  BC_CHECK(read_reports(database, trial));
  BC_CHECK(read_values(database, trial));
  BC_ASSIGN(trial.user_attributes,
            read_attributes(database,
                            "SELECT \"key\", value_json FROM trial_user_attributes "
                            "WHERE trial_id = ?",
                            trial.id));
  BC_ASSIGN(trial.system_attributes,
            read_attributes(database,
                            "SELECT \"key\", value_json FROM trial_system_attributes "
                            "WHERE trial_id = ?",
                            trial.id));
  read_constraints(trial);
  const auto objectives = static_cast<std::size_t>(row.integer(5));
  if (trial.state == TrialState::complete && trial.values.size() != objectives) {
    return fail(ErrorCode::malformed,
                fmt::format("trial {} is complete with {} values for {} objectives", trial.number,
                            trial.values.size(), objectives),
                {}, "mend or delete the trial");
  }
  return trial;
}

Result<std::vector<Direction>> read_directions(Database& database, std::int64_t study) {
  BC_ASSIGN(auto row, database.prepare("SELECT direction FROM study_directions "
                                       "WHERE study_id = ? ORDER BY objective"));
  row.bind(study);
  std::vector<Direction> directions;
  while (true) {
    BC_ASSIGN(const bool has_row, row.next());
    if (!has_row && directions.empty())
      return fail(ErrorCode::malformed, fmt::format("the study {} has no direction", study));
    if (!has_row) return directions;
    BC_ASSIGN(const auto direction, direction_of(row.text(0)));
    directions.push_back(direction);
  }
}

tl::unexpected<Error> no_trial(std::int64_t id) {
  return fail(ErrorCode::not_found, fmt::format("there is no trial with the id {}", id));
}

// How many rows of the study came before: its number.
Result<int> number_of_trial(Database& database, std::int64_t study, std::int64_t id) {
  BC_ASSIGN(auto row,
            database.prepare("SELECT count(*) FROM trials WHERE study_id = ? AND trial_id < ?"));
  BC_ASSIGN(const bool has_row, row.bind(study).bind(id).next());
  return has_row ? static_cast<int>(row.integer(0)) : 0;
}

void bind_time(Statement& statement, const std::optional<Time>& time) {
  if (time) {
    statement.bind(time_text(*time));
  } else {
    statement.bind_null();
  }
}

}  // namespace

Result<std::vector<StudyInfo>> read_studies(Database& database) {
  BC_ASSIGN(auto row,
            database.prepare("SELECT study_id, study_name FROM studies ORDER BY study_id"));
  std::vector<StudyInfo> studies;
  while (true) {
    BC_ASSIGN(const bool has_row, row.next());
    if (!has_row) return studies;
    StudyInfo study{row.integer(0), row.text(1), {}, {}};
    BC_ASSIGN(study.directions, read_directions(database, study.id));
    BC_ASSIGN(study.user_attributes,
              read_attributes(database,
                              "SELECT \"key\", value_json FROM study_user_attributes "
                              "WHERE study_id = ?",
                              study.id));
    studies.push_back(std::move(study));
  }
}

Result<std::vector<TrialRecord>> read_trials(Database& database, std::int64_t study,
                                             std::int64_t after) {
  BC_ASSIGN(auto row, database.prepare(std::string(kTrialColumns) +
                                       "study_id = ? AND trial_id > ? ORDER BY trial_id"));
  row.bind(study).bind(after);
  std::vector<TrialRecord> trials;
  while (true) {
    BC_ASSIGN(const bool has_row, row.next());
    if (!has_row) return trials;
    BC_ASSIGN(auto trial, trial_of(database, row));
    trials.push_back(std::move(trial));
  }
}

Result<TrialRecord> read_trial(Database& database, std::int64_t id) {
  BC_ASSIGN(auto row, database.prepare(std::string(kTrialColumns) + "trial_id = ?"));
  BC_ASSIGN(const bool has_row, row.bind(id).next());
  if (!has_row) return no_trial(id);
  return trial_of(database, row);
}

Result<TrialState> lock_state(Database& database, std::int64_t id) {
  BC_ASSIGN(auto row,
            database.prepare(database.locking("SELECT state FROM trials WHERE trial_id = ?")));
  BC_ASSIGN(const bool has_row, row.bind(id).next());
  if (!has_row) return no_trial(id);
  return state_of(row.text(0));
}

Result<void> insert_trial(Database& database, std::int64_t study, TrialRecord& trial) {
  // One at a time, so that ids and numbers come in the order in which others see them.
  BC_ASSIGN(auto owner,
            database.prepare(database.locking("SELECT 1 FROM studies WHERE study_id = ?")));
  BC_CHECK(owner.bind(study).run());
  BC_ASSIGN(auto insert, database.prepare("INSERT INTO trials (study_id, state, datetime_start, "
                                          "datetime_complete) VALUES (?, ?, ?, ?) "
                                          "RETURNING trial_id"));
  insert.bind(study).bind(state_text(trial.state));
  bind_time(insert, trial.started);
  bind_time(insert, trial.completed);
  BC_ASSIGN(trial.id, insert.run_for_id());
  BC_ASSIGN(trial.number, number_of_trial(database, study, trial.id));
  BC_ASSIGN(auto number, database.prepare("UPDATE trials SET number = ? WHERE trial_id = ?"));
  BC_CHECK(number.bind(std::int64_t{trial.number}).bind(trial.id).run());
  for (const auto& parameter : trial.parameters)
    BC_CHECK(insert_parameter(database, trial.id, parameter));
  for (const auto& [step, value] : trial.reports)
    BC_CHECK(put_report(database, trial.id, step, value));
  for (std::size_t i = 0; i < trial.values.size(); ++i)
    BC_CHECK(put_value(database, trial.id, i, trial.values[i]));
  for (const auto& [key, json] : trial.user_attributes)
    BC_CHECK(put_attribute(database, trial.id, AttributeKind::user, key, json));
  for (const auto& [key, json] : trial.system_attributes)
    BC_CHECK(put_attribute(database, trial.id, AttributeKind::system, key, json));
  return {};
}

Result<void> insert_parameter(Database& database, std::int64_t trial, const Parameter& parameter) {
  BC_ASSIGN(auto insert,
            database.prepare("INSERT INTO trial_params (trial_id, param_name, param_value, "
                             "distribution_json) VALUES (?, ?, ?, ?)"));
  return insert.bind(trial)
      .bind(std::string_view(parameter.name))
      .bind(parameter.inner)
      .bind(std::string_view(to_json(parameter.distribution)))
      .run();
}

Result<void> put_report(Database& database, std::int64_t trial, int step, double value) {
  BC_ASSIGN(auto put,
            database.prepare(
                "INSERT INTO trial_intermediate_values (trial_id, step, intermediate_value, "
                "intermediate_value_type) VALUES (?, ?, ?, ?) ON CONFLICT (trial_id, step) DO "
                "UPDATE SET intermediate_value = excluded.intermediate_value, "
                "intermediate_value_type = excluded.intermediate_value_type"));
  put.bind(trial).bind(std::int64_t{step});
  bind_number(put, value);
  return put.run();
}

Result<void> put_value(Database& database, std::int64_t trial, std::size_t objective,
                       double value) {
  BC_ASSIGN(auto put,
            database.prepare("INSERT INTO trial_values (trial_id, objective, value, value_type) "
                             "VALUES (?, ?, ?, ?) ON CONFLICT (trial_id, objective) DO UPDATE "
                             "SET value = excluded.value, value_type = excluded.value_type"));
  put.bind(trial).bind(static_cast<std::int64_t>(objective));
  bind_number(put, value);
  return put.run();
}

Result<void> put_attribute(Database& database, std::int64_t trial, AttributeKind kind,
                           const std::string& key, const std::string& json) {
  const std::string_view table =
      kind == AttributeKind::user ? "trial_user_attributes" : "trial_system_attributes";
  BC_ASSIGN(auto put,
            database.prepare(fmt::format(
                "INSERT INTO {} (trial_id, \"key\", value_json) VALUES (?, ?, ?) ON CONFLICT "
                "(trial_id, \"key\") DO UPDATE SET value_json = excluded.value_json",
                table)));
  return put.bind(trial).bind(std::string_view(key)).bind(std::string_view(json)).run();
}

}  // namespace bloodcell::tune
