#include "history.hpp"

#include <array>
#include <utility>

#include <bloodcell/base/csv.hpp>

namespace bloodcell::train {
namespace {

using nlohmann::json;

struct Figure {
  const char* name;
  double EpochRecord::* value;
};

constexpr std::array<Figure, 9> kFigures{{
    {"learning_rate", &EpochRecord::learning_rate},
    {"train_loss", &EpochRecord::train_loss},
    {"train_accuracy", &EpochRecord::train_accuracy},
    {"validation_loss", &EpochRecord::validation_loss},
    {"validation_accuracy", &EpochRecord::validation_accuracy},
    {"validation_family_accuracy", &EpochRecord::validation_family_accuracy},
    {"validation_macro_f1", &EpochRecord::validation_macro_f1},
    {"seconds", &EpochRecord::seconds},
    {"images_per_second", &EpochRecord::images_per_second},
}};

}  // namespace

json to_json(const EpochRecord& record) {
  json object{{"epoch", record.epoch}};
  for (const auto& figure : kFigures) object[figure.name] = record.*figure.value;
  return object;
}

Result<EpochRecord> record_from_json(const json& object) {
  EpochRecord record;
  const auto epoch = object.is_object() ? object.find("epoch") : object.end();
  if (!object.is_object() || epoch == object.end() || !epoch->is_number_unsigned() ||
      epoch->get<std::uint64_t>() < 1 || epoch->get<std::uint64_t>() > 1'000'000) {
    return fail(ErrorCode::malformed, "a record of history has no `epoch` from 1");
  }
  record.epoch = epoch->get<int>();
  for (const auto& figure : kFigures) {
    const auto found = object.find(figure.name);
    if (found == object.end() || !found->is_number()) {
      return fail(ErrorCode::malformed, fmt::format("epoch {} of the history has no number `{}`",
                                                    record.epoch, figure.name));
    }
    record.*figure.value = found->get<double>();
  }
  return record;
}

std::string history_as_lines(const std::vector<EpochRecord>& history) {
  std::string text;
  for (const auto& record : history) text += to_json(record).dump() + "\n";
  return text;
}

Result<std::vector<EpochRecord>> history_from_lines(std::string_view text) {
  std::vector<EpochRecord> history;
  while (!text.empty()) {
    const auto line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(text.size(), line.size() + 1));
    BC_ASSIGN(auto record, record_from_json(json::parse(line, nullptr, false)));
    if (record.epoch != static_cast<int>(history.size()) + 1) {
      return fail(ErrorCode::malformed, fmt::format("epoch {} stands where epoch {} belongs",
                                                    record.epoch, history.size() + 1));
    }
    history.push_back(record);
  }
  return history;
}

std::string history_as_csv(const std::vector<EpochRecord>& history) {
  std::vector<std::string> fields{"epoch"};
  for (const auto& figure : kFigures) fields.emplace_back(figure.name);
  std::string text = csv_row(fields);
  for (const auto& record : history) {
    fields.assign(1, std::to_string(record.epoch));
    for (const auto& figure : kFigures) {
      fields.push_back(fmt::format("{:.9g}", record.*figure.value));
    }
    text += csv_row(fields);
  }
  return text;
}

}  // namespace bloodcell::train
