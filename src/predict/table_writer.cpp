#include "table_writer.hpp"

#include <algorithm>

#include "text.hpp"

namespace bloodcell::predict {

namespace {

constexpr std::size_t kBarColumns = 10;
constexpr std::size_t kNarrowestFile = 12;

class TableWriter final : public RowWriter {
 public:
  TableWriter(std::ostream& out, const std::vector<std::string>& labels, int width_columns,
              bool colour)
      : out_(out), labels_(labels), counts_(labels.size()), colour_(colour) {
    for (const auto& label : labels) class_columns_ = std::max(class_columns_, columns_of(label));
    // class, confidence as a figure and as a bar, and the blanks between
    const std::size_t beside = class_columns_ + 6 + kBarColumns + 6;
    const auto width = static_cast<std::size_t>(std::max(width_columns, 40));
    file_columns_ = std::max(kNarrowestFile, width > beside ? width - beside : 0);
    out_ << emphasised(padded("file", file_columns_) + "  " + padded("class", class_columns_) +
                       "  confidence")
         << '\n';
  }

  void row(const Row& row) override {
    out_ << padded(shortened(printable(row.file), file_columns_), file_columns_) << "  ";
    if (row.class_index < 0) {
      out_ << in_colour(row.status == Status::error ? kRed : kYellow,
                        std::string(name_of(row.status)))
           << ": " << printable(row.message) << '\n';
      return;
    }
    const auto index = static_cast<std::size_t>(row.class_index);
    const std::string confidence =
        padded_left(fmt::format("{:.1f} %", 100 * row.confidence), 7) + "  ";
    if (row.status == Status::unidentified) {
      ++unidentified_;
      out_ << in_colour(kYellow, padded(labels_[index] + "?", class_columns_)) << ' ' << confidence
           << printable(row.message) << '\n';
      return;
    }
    ++counts_[index];
    out_ << padded(labels_[index], class_columns_) << ' ' << confidence
         << in_colour(kBlue, bar(row.confidence, kBarColumns)) << '\n';
  }

  void end(const Totals& totals) override {
    out_ << '\n' << totals.cells << (totals.cells == 1 ? " cell" : " cells");
    std::string separator = ": ";
    for (std::size_t c = 0; c < labels_.size(); ++c) {
      if (counts_[c] == 0) continue;
      out_ << separator << counts_[c] << ' ' << labels_[c];
      separator = ", ";
    }
    if (unidentified_ > 0) out_ << separator << unidentified_ << " unidentified";
    out_ << '\n';
    if (totals.without_cell > 0) {
      out_ << fmt::format("{} {} without a white cell\n", totals.without_cell,
                          totals.without_cell == 1 ? "field" : "fields");
    }
    if (totals.errors > 0) {
      out_ << in_colour(kRed, fmt::format("{} {} could not be read", totals.errors,
                                          totals.errors == 1 ? "input" : "inputs"))
           << '\n';
    }
    out_.flush();
  }

 private:
  static constexpr const char* kRed = "31";
  static constexpr const char* kYellow = "33";
  static constexpr const char* kBlue = "34";

  [[nodiscard]] std::string in_colour(const char* code, const std::string& text) const {
    return colour_ ? fmt::format("\x1b[{}m{}\x1b[0m", code, text) : text;
  }
  [[nodiscard]] std::string emphasised(const std::string& text) const {
    return in_colour("1", text);
  }

  std::ostream& out_;
  std::vector<std::string> labels_;
  std::vector<std::size_t> counts_;
  std::size_t unidentified_ = 0;
  std::size_t class_columns_ = 5;
  std::size_t file_columns_ = kNarrowestFile;
  bool colour_;
};

}  // namespace

std::unique_ptr<RowWriter> make_table_writer(std::ostream& out,
                                             const std::vector<std::string>& labels,
                                             int width_columns, bool colour) {
  return std::make_unique<TableWriter>(out, labels, width_columns, colour);
}

}  // namespace bloodcell::predict
