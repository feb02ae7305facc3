#include <bloodcell/predict/output.hpp>

#include <nlohmann/json.hpp>

#include <bloodcell/base/csv.hpp>

#include "table_writer.hpp"

namespace bloodcell::predict {

using nlohmann::json;

namespace {

bool is_classed(const Row& row) { return row.class_index >= 0; }

class CsvWriter final : public RowWriter {
 public:
  CsvWriter(std::ostream& out, const std::vector<std::string>& labels, bool continues)
      : out_(out), labels_(labels) {
    if (continues) return;
    std::vector<std::string> columns{"file",   "cell",  "x",          "y",      "width",
                                     "height", "class", "confidence", "status", "message"};
    columns.insert(columns.end(), labels.begin(), labels.end());
    out_ << csv_row(columns);
  }

  void row(const Row& row) override {
    const auto pixels = [&](int value) {
      return row.status == Status::error ? std::string() : std::to_string(value);
    };
    std::vector<std::string> fields{row.file,
                                    std::to_string(row.cell),
                                    pixels(row.box.x),
                                    pixels(row.box.y),
                                    pixels(row.box.width),
                                    pixels(row.box.height),
                                    "",
                                    "",
                                    std::string(name_of(row.status)),
                                    row.message};
    if (is_classed(row)) {
      fields[6] = labels_[static_cast<std::size_t>(row.class_index)];
      fields[7] = fmt::format("{:.6f}", row.confidence);
    }
    for (std::size_t c = 0; c < labels_.size(); ++c) {
      fields.push_back(is_classed(row) ? fmt::format("{:.6f}", row.probabilities[c]) : "");
    }
    out_ << csv_row(fields);
  }

  void end(const Totals&) override { out_.flush(); }

 private:
  std::ostream& out_;
  std::vector<std::string> labels_;
};

json json_of(const Row& row, const std::vector<std::string>& labels) {
  json object{{"file", row.file},
              {"cell", row.cell},
              {"status", name_of(row.status)},
              {"message", row.message}};
  if (row.status != Status::error) {
    object["box"] = {
        {"x", row.box.x}, {"y", row.box.y}, {"width", row.box.width}, {"height", row.box.height}};
  }
  if (is_classed(row)) {
    object["class"] = labels[static_cast<std::size_t>(row.class_index)];
    object["confidence"] = row.confidence;
    for (std::size_t c = 0; c < labels.size(); ++c) {
      object["probabilities"][labels[c]] = row.probabilities[c];
    }
    if (row.unfamiliarity > 0) object["unfamiliarity"] = row.unfamiliarity;
    if (row.other_thing) object["other_thing"] = *row.other_thing;
    if (row.is_read_twice) object["read_twice"] = true;
    for (const int c : row.set) object["set"].push_back(labels[static_cast<std::size_t>(c)]);
  }
  return object;
}

// A file name may hold bytes that are no UTF-8; JSON may not.
std::string text_of(const json& value) {
  return value.dump(-1, ' ', false, json::error_handler_t::replace);
}

class JsonLinesWriter final : public RowWriter {
 public:
  JsonLinesWriter(std::ostream& out, const std::vector<std::string>& labels)
      : out_(out), labels_(labels) {}
  void row(const Row& row) override { out_ << text_of(json_of(row, labels_)) << '\n'; }
  void end(const Totals&) override { out_.flush(); }

 private:
  std::ostream& out_;
  std::vector<std::string> labels_;
};

// Written as it grows, so that a million rows need no more memory than one.
class JsonWriter final : public RowWriter {
 public:
  JsonWriter(std::ostream& out, const std::vector<std::string>& labels)
      : out_(out), labels_(labels) {
    out_ << "{\"labels\": " << text_of(labels) << ",\n \"rows\": [";
  }
  void row(const Row& row) override {
    out_ << (first_ ? "\n  " : ",\n  ") << text_of(json_of(row, labels_));
    first_ = false;
  }
  void end(const Totals& totals) override {
    const json summary{{"files", totals.files},
                       {"cells", totals.cells},
                       {"without_cell", totals.without_cell},
                       {"unidentified", totals.unidentified},
                       {"errors", totals.errors}};
    out_ << "\n ],\n \"totals\": " << text_of(summary) << "}\n";
    out_.flush();
  }

 private:
  std::ostream& out_;
  std::vector<std::string> labels_;
  bool first_ = true;
};

}  // namespace

std::unique_ptr<RowWriter> make_writer(OutputFormat format, std::ostream& out,
                                       const std::vector<std::string>& labels, int width_columns,
                                       bool colour, bool continues) {
  switch (format) {
    case OutputFormat::table: return make_table_writer(out, labels, width_columns, colour);
    case OutputFormat::csv: return std::make_unique<CsvWriter>(out, labels, continues);
    case OutputFormat::json: return std::make_unique<JsonWriter>(out, labels);
    case OutputFormat::jsonl: return std::make_unique<JsonLinesWriter>(out, labels);
  }
  return nullptr;
}

}  // namespace bloodcell::predict
