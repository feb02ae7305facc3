#include <algorithm>
#include <array>
#include <memory>

#include <hpdf.h>

#include <bloodcell/image/draw.hpp>
#include <bloodcell/image/encode.hpp>
#include <bloodcell/report/differential_report.hpp>

#include "differential_words.hpp"

namespace bloodcell::report {

namespace {

// A4 in points.
constexpr float kWidth = 595;
constexpr float kHeight = 842;
constexpr float kMargin = 48;
constexpr float kInner = kWidth - 2 * kMargin;
constexpr float kText = 9;
constexpr float kSmall = 6.5F;
constexpr float kLeading = 1.35F;  // of the letters' height
constexpr int kCellPixels = 160;
constexpr int kQuality = 88;

// The letters that the built-in fonts have (Windows-1252); `?` for others.
std::string latin(std::string_view utf8) {
  struct Sign {
    std::string_view utf8;
    char code;
  };
  static constexpr std::array kSigns{Sign{"–", '\x96'}, Sign{"—", '\x97'}, Sign{"’", '\x92'},
                                     Sign{"…", '\x85'}, Sign{"“", '\x93'}, Sign{"”", '\x94'}};
  std::string text;
  for (std::size_t i = 0; i < utf8.size();) {
    const auto byte = static_cast<unsigned char>(utf8[i]);
    if (byte < 0x80) {
      text += byte < 0x20 ? ' ' : utf8[i];
      ++i;
      continue;
    }
    const auto sign = std::find_if(kSigns.begin(), kSigns.end(), [&](const Sign& one) {
      return utf8.substr(i).starts_with(one.utf8);
    });
    if (sign != kSigns.end()) {
      text += sign->code;
      i += sign->utf8.size();
      continue;
    }
    const bool is_latin_1 = (byte == 0xC2 || byte == 0xC3) && i + 1 < utf8.size() &&
                            (static_cast<unsigned char>(utf8[i + 1]) & 0xC0) == 0x80;
    if (is_latin_1) {
      const auto low = static_cast<unsigned char>(utf8[i + 1]) & 0x3FU;
      text += static_cast<char>(((byte & 0x03U) << 6U) | low);
      i += 2;
      continue;
    }
    text += '?';
    ++i;
    while (i < utf8.size() && (static_cast<unsigned char>(utf8[i]) & 0xC0) == 0x80) ++i;
  }
  return text;
}

struct Freed {
  void operator()(HPDF_Doc document) const { HPDF_Free(document); }
};

void stay_silent(HPDF_STATUS, HPDF_STATUS, void*) {}  // asked for at the end

enum class Align { left, right };

// Lines and pictures from the top down; a page is added where one is full.
class Paper {
 public:
  Paper() : document_(HPDF_New(stay_silent, nullptr)) {
    HPDF_SetCompressionMode(document_.get(), HPDF_COMP_ALL);
    plain_ = HPDF_GetFont(document_.get(), "Helvetica", "WinAnsiEncoding");
    bold_ = HPDF_GetFont(document_.get(), "Helvetica-Bold", "WinAnsiEncoding");
    add_page();
  }

  void title(const std::string& text) {
    HPDF_SetInfoAttr(document_.get(), HPDF_INFO_TITLE, latin(text).c_str());
    for (const auto& line : lines_of(text, 16, kInner, true)) add_line(line, 16, true);
    y_ -= 4;
  }
  void heading(const std::string& text, float with = 60) {
    keep_together(with);
    y_ -= 8;
    add_line(latin(text), 11, true);
    y_ -= 2;
  }
  void paragraph(const std::string& text, bool bold = false) {
    for (const auto& line : lines_of(text, kText, kInner, bold)) add_line(line, kText, bold);
    y_ -= 3;
  }

  // Columns that begin with `>` are set to the right; widths are shares of the line.
  void table(const std::vector<std::string>& columns, const std::vector<float>& widths,
             const std::vector<std::vector<std::string>>& rows) {
    keep_together(kText * kLeading * 3);
    row(columns, columns, widths, true);
    rule(0.8F);
    for (const auto& cells : rows) {
      keep_together(kText * kLeading);
      row(cells, columns, widths, false);
      rule(0.2F);
    }
    y_ -= 6;
  }

  // Pictures in rows, their captions below.
  Result<void> gallery(const std::vector<const GalleryCell*>& cells) {
    constexpr int kColumns = 6;
    constexpr float kGap = 10;
    constexpr float kSide = (kInner - (kColumns - 1) * kGap) / kColumns;
    constexpr int kCaptionLines = 2;
    constexpr float kRow = kSide + kCaptionLines * kSmall * kLeading + 8;
    for (std::size_t i = 0; i < cells.size(); ++i) {
      const auto column = static_cast<int>(i) % kColumns;
      if (column == 0) keep_together(kRow);
      const float left = kMargin + static_cast<float>(column) * (kSide + kGap);
      const auto small = image::thumbnail(cells[i]->picture, kCellPixels, kCellPixels);
      BC_ASSIGN(const Bytes jpeg, image::encode_jpeg(small, kQuality));
      const HPDF_Image picture = HPDF_LoadJpegImageFromMem(
          document_.get(), reinterpret_cast<const HPDF_BYTE*>(jpeg.data()),
          static_cast<HPDF_UINT>(jpeg.size()));
      const float longer = static_cast<float>(std::max(small.width_px, small.height_px));
      const float width = kSide * static_cast<float>(small.width_px) / longer;
      const float height = kSide * static_cast<float>(small.height_px) / longer;
      HPDF_Page_DrawImage(page_, picture, left, y_ - height, width, height);
      auto caption = lines_of(cells[i]->caption, kSmall, kSide, false);
      if (caption.size() > kCaptionLines) {
        caption.resize(kCaptionLines);
        caption.back() += latin("…");
      }
      float under = y_ - kSide - kSmall - 2;
      for (const auto& line : caption) {
        put(line, left, under, kSmall, false);
        under -= kSmall * kLeading;
      }
      const bool is_last = column == kColumns - 1 || i + 1 == cells.size();
      if (is_last) y_ -= kRow;
    }
    return {};
  }

  // The file. `foot` and the page's number stand at the foot of each. Errors: internal.
  Result<Bytes> bytes(const std::string& foot) {
    for (std::size_t i = 0; i < pages_.size(); ++i) {
      page_ = pages_[i];
      put(latin(foot), kMargin, kMargin / 2, 7, false);
      const auto number = fmt::format("{} of {}", i + 1, pages_.size());
      put(number, kWidth - kMargin - width_of(number, 7, false), kMargin / 2, 7, false);
    }
    HPDF_SaveToStream(document_.get());
    Bytes file(HPDF_GetStreamSize(document_.get()));
    auto size = static_cast<HPDF_UINT32>(file.size());
    HPDF_ReadFromStream(document_.get(), reinterpret_cast<HPDF_BYTE*>(file.data()), &size);
    const HPDF_STATUS status = HPDF_GetError(document_.get());
    if ((status != HPDF_OK && status != HPDF_STREAM_EOF) || size != file.size()) {
      return fail(ErrorCode::internal, fmt::format("the PDF library failed with {:#x}", status));
    }
    return file;
  }

 private:
  void add_page() {
    page_ = HPDF_AddPage(document_.get());
    HPDF_Page_SetSize(page_, HPDF_PAGE_SIZE_A4, HPDF_PAGE_PORTRAIT);
    pages_.push_back(page_);
    y_ = kHeight - kMargin;
  }
  void keep_together(float height) {
    if (y_ - height < kMargin) add_page();
  }
  [[nodiscard]] HPDF_Font font(bool bold) const { return bold ? bold_ : plain_; }
  [[nodiscard]] float width_of(const std::string& text, float size, bool bold) const {
    const auto width =
        HPDF_Font_TextWidth(font(bold), reinterpret_cast<const HPDF_BYTE*>(text.data()),
                            static_cast<HPDF_UINT>(text.size()));
    return static_cast<float>(width.width) * size / 1000;
  }
  // Broken between words, and within one that is wider than the line.
  [[nodiscard]] std::vector<std::string> lines_of(const std::string& utf8, float size, float width,
                                                  bool bold) const {
    std::vector<std::string> lines{""};
    const auto text = latin(utf8);
    for (std::size_t at = 0; at < text.size();) {
      const auto end = std::min(text.find(' ', at), text.size());
      std::string word = text.substr(at, end - at);
      at = end + 1;
      const auto joined = lines.back().empty() ? word : lines.back() + " " + word;
      if (width_of(joined, size, bold) <= width) {
        lines.back() = joined;
        continue;
      }
      if (!lines.back().empty()) lines.emplace_back();
      for (const char letter : word) {
        if (width_of(lines.back() + letter, size, bold) > width) lines.emplace_back();
        lines.back() += letter;
      }
    }
    return lines;
  }
  void add_line(const std::string& line, float size, bool bold) {
    keep_together(size * kLeading);
    y_ -= size;
    put(line, kMargin, y_, size, bold);
    y_ -= size * (kLeading - 1);
  }
  void put(const std::string& text, float x, float y, float size, bool bold) {
    HPDF_Page_BeginText(page_);
    HPDF_Page_SetFontAndSize(page_, font(bold), size);
    HPDF_Page_TextOut(page_, x, y, text.c_str());
    HPDF_Page_EndText(page_);
  }
  void row(const std::vector<std::string>& cells, const std::vector<std::string>& columns,
           const std::vector<float>& widths, bool bold) {
    float left = kMargin;
    y_ -= kText;
    for (std::size_t c = 0; c < cells.size(); ++c) {
      const float width = widths[c] * kInner;
      const bool is_right = columns[c].starts_with('>');
      auto text = latin(cells[c]);
      if (bold && is_right) text.erase(0, 1);
      const float x = is_right ? left + width - 8 - width_of(text, kText, bold) : left;
      put(text, x, y_, kText, bold);
      left += width;
    }
    y_ -= kText * (kLeading - 1);
  }
  void rule(float thickness) {
    HPDF_Page_SetLineWidth(page_, thickness);
    HPDF_Page_MoveTo(page_, kMargin, y_);
    HPDF_Page_LineTo(page_, kWidth - kMargin, y_);
    HPDF_Page_Stroke(page_);
    y_ -= 2;
  }

  std::unique_ptr<std::remove_pointer_t<HPDF_Doc>, Freed> document_;
  HPDF_Font plain_ = nullptr;
  HPDF_Font bold_ = nullptr;
  HPDF_Page page_ = nullptr;
  std::vector<HPDF_Page> pages_;
  float y_ = 0;  // of the next line's top
};

void add_count(Paper& paper, const CountedPatient& patient) {
  const ClassTable classes = class_table(patient.count);
  const float rest = 0.78F / static_cast<float>(classes.columns.size() - 1);
  std::vector<float> widths(classes.columns.size(), rest);
  widths.front() = 0.22F;
  paper.heading("White cells, percent of those identified");
  paper.table(classes.columns, widths, classes.rows);
  paper.paragraph(kAboutInterval + about_labels(patient.count));
  if (classes.is_corrected) paper.paragraph(kAboutCorrection);
  if (classes.has_ranges) paper.paragraph(about_ranges(patient.ranges_source));
}

void add_beside(Paper& paper, const differential::Differential& count) {
  if (!count.others.empty()) {
    std::vector<std::vector<std::string>> rows;
    for (const auto& of : count.others) {
      rows.push_back(
          {of.label, fmt::format("{}", of.count), fmt::format("{:.1f}", of.per_100_white)});
    }
    paper.heading("Counted beside the white cells");
    paper.table({"class", ">cells", ">per 100 white cells"}, {0.4F, 0.2F, 0.4F}, rows);
  }
  if (count.estimates) {
    std::vector<std::vector<std::string>> rows;
    for (const auto& [name, value] : estimate_rows(*count.estimates)) rows.push_back({name, value});
    paper.heading("Red cells and platelets of the fields");
    paper.table({"figure", ">value"}, {0.65F, 0.35F}, rows);
    paper.paragraph(kAboutEstimates);
  }
}

}  // namespace

Result<Bytes> pdf_of(const CountedPatient& patient) {
  const auto& count = patient.count;
  Paper paper;
  paper.title("Differential count: " + patient.name);
  paper.paragraph(std::string(kResearchUse), true);
  paper.paragraph(
      fmt::format("{} white cells identified, {} unidentified, {} pictures. Named by "
                  "the model {}.",
                  count.white, count.unidentified, count.fields, patient.model));
  for (const auto& warning : count.warnings) paper.paragraph("Note: " + warning, true);
  add_count(paper, patient);
  add_beside(paper, count);
  for (std::size_t i = 0; i < patient.gallery.size();) {
    const auto& heading = patient.gallery[i].heading;
    std::vector<const GalleryCell*> cells;
    for (; i < patient.gallery.size() && patient.gallery[i].heading == heading; ++i) {
      cells.push_back(&patient.gallery[i]);
    }
    paper.heading(heading, 130);
    BC_CHECK(paper.gallery(cells));
  }
  return paper.bytes(std::string(kResearchUse));
}

}  // namespace bloodcell::report
