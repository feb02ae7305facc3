// A page that is one file: style, plots and pictures inside, nothing fetched. Light and dark as the
// reader's system has it, from phone to desktop, black on white in print. Functions return HTML;
// what is called a text is escaped here, what is called html is taken as it stands. Thread-safe.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <bloodcell/base/result.hpp>
#include <bloodcell/image/image.hpp>

namespace bloodcell::report {

// For content and quoted attributes: & < > " ' become entities, control characters and broken
// UTF-8 U+FFFD.
[[nodiscard]] std::string escape(std::string_view text);

// A path as text that may break after each `/`.
[[nodiscard]] std::string breakable(std::string_view path);

struct Table {
  std::string caption;               // text
  std::vector<std::string> columns;  // texts; one that begins with `>` is set to the right
  std::vector<std::vector<std::string>> rows;  // html, each as long as columns; the first cell of a
                                               // row is its heading
};
// Scrolls within itself where it is wider than the page.
[[nodiscard]] std::string to_html(const Table& table);

// html with a caption (text) below.
[[nodiscard]] std::string figure(std::string_view html, std::string_view caption);

// Figures side by side as the width allows.
[[nodiscard]] std::string grid(const std::vector<std::string>& figures);

// Small figures, as many to a row as fit: cells with a line each.
[[nodiscard]] std::string gallery(const std::vector<std::string>& figures);

// The picture as JPEG inside the page, shown width_px wide. Errors: as encode_jpeg.
[[nodiscard]] Result<std::string> picture(const image::Image& image, std::string_view alt,
                                          int width_px);

[[nodiscard]] std::string paragraph(std::string_view text);

// Number and what it counts, for the head of a page.
struct Fact {
  std::string number;  // text
  std::string what;    // text
  bool is_bad = false;
};
[[nodiscard]] std::string facts(const std::vector<Fact>& facts);

class Page {
 public:
  // Texts.
  Page(std::string title, std::string summary);

  void add(std::string_view html);                                // before the first section
  void section(std::string_view heading, std::string_view html);  // with a place in the contents
  [[nodiscard]] std::string text() const;

 private:
  std::string title_;
  std::string summary_;
  std::string head_;
  std::string body_;
  std::vector<std::string> headings_;
};

}  // namespace bloodcell::report
