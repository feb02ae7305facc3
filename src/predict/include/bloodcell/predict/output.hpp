// Rows → text. The CSV columns are a contract, stable from 0.1:
// file,cell,x,y,width,height,class,confidence,status,message,<one probability column per class>
#pragma once

#include <memory>
#include <ostream>
#include <string>
#include <string_view>
#include <vector>

#include <bloodcell/base/result.hpp>
#include <bloodcell/predict/predictor.hpp>

namespace bloodcell::predict {

enum class OutputFormat { table, csv, json, jsonl };

// begin, rows in order, end. Every byte goes to the stream given.
class RowWriter {
 public:
  virtual ~RowWriter() = default;
  virtual void row(const Row& row) = 0;
  virtual void end(const Totals& totals) = 0;
};

// `table` is for people: file names cut to fit width_columns, a bar for the confidence, a summary.
// `continues`: rows stand there already, so CSV gets no header.
[[nodiscard]] std::unique_ptr<RowWriter> make_writer(OutputFormat format, std::ostream& out,
                                                     const std::vector<std::string>& labels,
                                                     int width_columns, bool colour,
                                                     bool continues = false);

}  // namespace bloodcell::predict
