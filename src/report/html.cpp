#include <bloodcell/report/html.hpp>

#include <fmt/ranges.h>
#include <nlohmann/json.hpp>

#include <bloodcell/base/base64.hpp>
#include <bloodcell/image/encode.hpp>
#include <bloodcell/report/svg.hpp>

namespace bloodcell::report {

namespace {

constexpr std::string_view kStyle =
    ":root{color-scheme:light dark;--ground:#fbfcfd;--card:#fff;--ink:#1d2430;--soft:#566070;"
    "--line:#d9dee6;--accent:#1f5fa8;--bad:#b3261e}"
    "@media(prefers-color-scheme:dark){:root{--ground:#14181e;--card:#1c222b;--ink:#e6eaf0;"
    "--soft:#a5afbd;--line:#39424f;--accent:#8fc2f5;--bad:#ff8d83}}"
    "*{box-sizing:border-box}"
    "body{margin:0 auto;padding:1rem;max-width:1240px;background:var(--ground);color:var(--ink);"
    "font:16px/1.5 system-ui,sans-serif;overflow-wrap:anywhere}"
    "h1{font-size:1.6rem;line-height:1.2;margin:.5rem 0}"
    "h2{font-size:1.2rem;margin:2rem 0 .5rem;padding-top:.8rem;border-top:1px solid var(--line)}"
    "h3{font-size:1rem;margin:1.2rem 0 .4rem}p{max-width:75ch;margin:.5rem 0}"
    "a{color:var(--accent)}a:focus-visible,[tabindex]:focus-visible{outline:3px solid "
    "var(--accent);outline-offset:2px}"
    "nav ul{display:flex;flex-wrap:wrap;gap:.2rem 1rem;padding:0;margin:.8rem 0;list-style:none}"
    ".facts{display:grid;grid-template-columns:repeat(auto-fill,minmax(9rem,1fr));gap:.6rem;"
    "margin:1rem 0}.facts div{background:var(--card);border:1px solid var(--line);"
    "border-radius:8px;padding:.5rem .8rem}"
    ".facts dd{margin:0;font-size:1.4rem;font-weight:600;font-variant-numeric:tabular-nums}"
    ".facts dt{color:var(--soft);font-size:.85rem}.facts .bad dd{color:var(--bad)}"
    ".facts div{display:flex;flex-direction:column-reverse;justify-content:flex-end}"
    ".grid{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(100%,340px),1fr));"
    "gap:1rem;align-items:start}"
    "figure{margin:.6rem 0;padding:.8rem;background:var(--card);border:1px solid var(--line);"
    "border-radius:8px;min-width:0}figcaption{color:var(--soft);font-size:.85rem;margin-top:.4rem}"
    ".scroll{overflow-x:auto;margin:.6rem 0}"
    "table{border-collapse:collapse;min-width:min(100%,30rem);font-size:.9rem;font-variant-numeric:"
    "tabular-nums}"
    "caption{max-width:calc(100vw - "
    "2rem);text-align:left;color:var(--soft);font-size:.85rem;padding-bottom:.3rem}"
    "th,td{padding:.25rem .7rem .25rem 0;border-bottom:1px solid var(--line);text-align:left;"
    "vertical-align:top;overflow-wrap:normal}th{font-weight:600}tbody th{font-weight:500}"
    "td:not(.right),tbody th{overflow-wrap:anywhere;min-width:6.5rem}"
    ".right{text-align:right;white-space:nowrap}"
    ".gallery{display:grid;grid-template-columns:repeat(auto-fill,minmax(150px,1fr));gap:.6rem}"
    ".gallery figure{margin:0}.gallery img{display:block;width:100%;max-width:120px;height:auto;"
    "margin:0 auto}"
    ".cells{display:flex;flex-wrap:wrap;gap:.4rem}"
    ".cells img{display:block;width:clamp(56px,22%,96px);height:auto;border-radius:4px;"
    "object-fit:contain}"
    ".swatch{display:inline-block;width:1.2rem;height:1.2rem;border:1px solid var(--line);"
    "border-radius:3px;vertical-align:middle;margin-right:.4rem}"
    "@media print{:root{color-scheme:light}figure,table{break-inside:avoid}nav{display:none}}";

bool is_control(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return (byte < 0x20 && c != '\n' && c != '\t') || byte == 0x7F;
}

// Broken UTF-8 gets U+FFFD, by the JSON library's own rule.
std::string valid_utf8(std::string_view text) {
  using nlohmann::json;
  const json value = std::string(text);
  return json::parse(value.dump(-1, ' ', false, json::error_handler_t::replace)).get<std::string>();
}

std::string_view without_mark(std::string_view column) {
  return column.starts_with('>') ? column.substr(1) : column;
}

std::string_view side_of(std::string_view column) {
  return column.starts_with('>') ? " class=\"right\"" : "";
}

}  // namespace

std::string escape(std::string_view text) {
  std::string escaped;
  for (const char c : valid_utf8(text)) {
    switch (c) {
      case '&': escaped += "&amp;"; break;
      case '<': escaped += "&lt;"; break;
      case '>': escaped += "&gt;"; break;
      case '"': escaped += "&quot;"; break;
      case '\'': escaped += "&#39;"; break;
      default:
        if (is_control(c)) {
          escaped += "\xEF\xBF\xBD";
        } else {
          escaped += c;
        }
    }
  }
  return escaped;
}

std::string breakable(std::string_view path) {
  std::string html = escape(path);
  for (std::size_t at = html.find('/'); at != std::string::npos; at = html.find('/', at + 1)) {
    html.insert(at + 1, "<wbr>");
    at += 5;
  }
  return html;
}

std::string to_html(const Table& table) {
  std::string html = fmt::format(
      "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"{0}\"><table><caption>{0}"
      "</caption><thead><tr>",
      escape(table.caption));
  for (const auto& column : table.columns) {
    html +=
        fmt::format("<th scope=\"col\"{}>{}</th>", side_of(column), escape(without_mark(column)));
  }
  html += "</tr></thead><tbody>\n";
  for (const auto& row : table.rows) {
    html += "<tr>";
    for (std::size_t i = 0; i < row.size() && i < table.columns.size(); ++i) {
      html += i == 0 ? fmt::format("<th scope=\"row\"{}>{}</th>", side_of(table.columns[i]), row[i])
                     : fmt::format("<td{}>{}</td>", side_of(table.columns[i]), row[i]);
    }
    html += "</tr>\n";
  }
  return html + "</tbody></table></div>\n";
}

std::string figure(std::string_view html, std::string_view caption) {
  return fmt::format("<figure>{}<figcaption>{}</figcaption></figure>\n", html, escape(caption));
}

std::string grid(const std::vector<std::string>& figures) {
  return fmt::format("<div class=\"grid\">{}</div>\n", fmt::join(figures, ""));
}

std::string gallery(const std::vector<std::string>& figures) {
  return fmt::format("<div class=\"gallery\">{}</div>\n", fmt::join(figures, ""));
}

Result<std::string> picture(const image::Image& image, std::string_view alt, int width_px) {
  constexpr int kQuality = 82;
  BC_ASSIGN(const auto jpeg, image::encode_jpeg(image, kQuality));
  return fmt::format(
      "<img width=\"{}\" height=\"{}\" alt=\"{}\" src=\"data:image/jpeg;base64,{}\">", width_px,
      width_px * image.height_px / image.width_px, escape(alt), base64(jpeg));
}

std::string paragraph(std::string_view text) { return fmt::format("<p>{}</p>\n", escape(text)); }

std::string facts(const std::vector<Fact>& facts) {
  std::string html = "<dl class=\"facts\">";
  for (const auto& fact : facts) {
    html += fmt::format("<div{}><dt>{}</dt><dd>{}</dd></div>", fact.is_bad ? " class=\"bad\"" : "",
                        escape(fact.what), escape(fact.number));
  }
  return html + "</dl>\n";
}

Page::Page(std::string title, std::string summary)
    : title_(std::move(title)), summary_(std::move(summary)) {}

void Page::add(std::string_view html) { head_ += html; }

void Page::section(std::string_view heading, std::string_view html) {
  headings_.emplace_back(heading);
  body_ +=
      fmt::format("<section aria-labelledby=\"s{0}\"><h2 id=\"s{0}\">{1}</h2>\n{2}</section>\n",
                  headings_.size(), escape(heading), html);
}

std::string Page::text() const {
  std::string contents;
  for (std::size_t i = 0; i < headings_.size(); ++i) {
    contents += fmt::format("<li><a href=\"#s{}\">{}</a></li>", i + 1, escape(headings_[i]));
  }
  return fmt::format(
      "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n"
      "<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\n"
      "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src "
      "'unsafe-inline'; img-src data:\">\n"
      "<title>{0}</title>\n<style>{1}{2}</style></head>\n<body>\n<header><h1>{0}</h1>\n<p>{3}</p>"
      "</header>\n<nav aria-label=\"Contents\"><ul>{4}</ul></nav>\n<main>\n{5}{6}</main>\n</body>"
      "</html>\n",
      escape(title_), kStyle, plot_style(), escape(summary_), contents, head_, body_);
}

}  // namespace bloodcell::report
