#include "history.hpp"

#include <array>
#include <utility>

#include <bloodcell/base/csv.hpp>

namespace bloodcell::train {
namespace {

using nlohmann::json;

template <class Record>
struct Figure {
  const char* name;
  double Record::* value;
  bool later = false;  // not written by the first version: may be missing
};

constexpr std::array<Figure<EpochRecord>, 14> kFigures{{
    {"learning_rate", &EpochRecord::learning_rate},
    {"train_loss", &EpochRecord::train_loss},
    {"train_accuracy", &EpochRecord::train_accuracy},
    {"gradient_norm", &EpochRecord::gradient_norm, true},
    {"validation_loss", &EpochRecord::validation_loss},
    {"validation_accuracy", &EpochRecord::validation_accuracy},
    {"validation_family_accuracy", &EpochRecord::validation_family_accuracy},
    {"validation_macro_precision", &EpochRecord::validation_macro_precision, true},
    {"validation_macro_recall", &EpochRecord::validation_macro_recall, true},
    {"validation_macro_f1", &EpochRecord::validation_macro_f1},
    {"seconds", &EpochRecord::seconds},
    {"images_per_second", &EpochRecord::images_per_second},
    {"waiting_seconds", &EpochRecord::waiting_seconds, true},
    {"peak_memory_mb", &EpochRecord::peak_memory_mb, true},
}};

constexpr std::array<Figure<ClassRecord>, 3> kClassFigures{{
    {"precision", &ClassRecord::precision},
    {"recall", &ClassRecord::recall},
    {"family_accuracy", &ClassRecord::family_accuracy},
}};

Result<ClassRecord> class_from_json(const json& object, int epoch) {
  ClassRecord record;
  for (const auto& figure : kClassFigures) {
    const auto found = object.is_object() ? object.find(figure.name) : object.end();
    if (!object.is_object() || found == object.end() || !found->is_number()) {
      return fail(ErrorCode::malformed,
                  fmt::format("a class of epoch {} has no number `{}`", epoch, figure.name));
    }
    record.*figure.value = found->get<double>();
  }
  return record;
}

Result<std::vector<ClassRecord>> classes_from_json(const json& list, int epoch) {
  if (!list.is_array()) {
    return fail(ErrorCode::malformed, fmt::format("`classes` of epoch {} is not a list", epoch));
  }
  std::vector<ClassRecord> classes;
  for (const auto& object : list) {
    BC_ASSIGN(const auto record, class_from_json(object, epoch));
    classes.push_back(record);
  }
  return classes;
}

}  // namespace

json to_json(const EpochRecord& record) {
  json object{{"epoch", record.epoch}};
  for (const auto& figure : kFigures) object[figure.name] = record.*figure.value;
  json& classes = object["classes"] = json::array();
  for (const auto& each : record.classes) {
    json& figures = classes.emplace_back(json::object());
    for (const auto& figure : kClassFigures) figures[figure.name] = each.*figure.value;
  }
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
    if (found == object.end() && figure.later) continue;
    if (found == object.end() || !found->is_number()) {
      return fail(ErrorCode::malformed, fmt::format("epoch {} of the history has no number `{}`",
                                                    record.epoch, figure.name));
    }
    record.*figure.value = found->get<double>();
  }
  if (const auto classes = object.find("classes"); classes != object.end()) {
    BC_ASSIGN(record.classes, classes_from_json(*classes, record.epoch));
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

std::string class_history_as_csv(const std::vector<EpochRecord>& history,
                                 const std::vector<std::string>& labels) {
  std::vector<std::string> fields{"epoch", "class"};
  for (const auto& figure : kClassFigures) fields.emplace_back(figure.name);
  std::string text = csv_row(fields);
  for (const auto& record : history) {
    for (std::size_t i = 0; i < std::min(labels.size(), record.classes.size()); ++i) {
      fields = {std::to_string(record.epoch), labels[i]};
      for (const auto& figure : kClassFigures) {
        fields.push_back(fmt::format("{:.9g}", record.classes[i].*figure.value));
      }
      text += csv_row(fields);
    }
  }
  return text;
}

}  // namespace bloodcell::train
