#include <bloodcell/report/data_report.hpp>

#include <algorithm>
#include <array>
#include <functional>
#include <map>

#include <fmt/format.h>

#include <bloodcell/report/html.hpp>
#include <bloodcell/report/svg.hpp>

namespace bloodcell::report {

namespace {

using data::Exploration;
using data::Group;
using data::Measure;

constexpr std::size_t kListed = 30;       // rows of a list of files
constexpr std::size_t kFilesInRow = 6;    // files named in one row
constexpr std::size_t kPlottedRows = 40;  // classes or sources in one plot

struct MeasureWords {
  Measure measure;
  const char* title;
  const char* axis;
};

constexpr std::array<MeasureWords, data::kMeasures> kWords{{
    {Measure::brightness, "Brightness", "mean luma, 0 to 255"},
    {Measure::red, "Red", "mean of the channel, 0 to 255"},
    {Measure::green, "Green", "mean of the channel, 0 to 255"},
    {Measure::blue, "Blue", "mean of the channel, 0 to 255"},
    {Measure::sharpness, "Sharpness", "variance of the Laplacian"},
    {Measure::black_share, "Black area", "percent of the pixels"},
}};

const data::Spread& spread(const Group& group, Measure measure) {
  return group.spreads[static_cast<std::size_t>(measure)];
}

std::string count(std::size_t number) {
  std::string digits = std::to_string(number);
  for (auto at = static_cast<std::ptrdiff_t>(digits.size()) - 3; at > 0; at -= 3) {
    digits.insert(static_cast<std::size_t>(at), ",");
  }
  return digits;
}

Plot counts_plot(const Exploration& told) {
  Bars bars{"Images by class", "images", told.parts, {}};
  std::map<std::string, std::size_t> row_of;
  for (std::size_t i = 0; i < std::min(told.labels.size(), kPlottedRows); ++i) {
    row_of.emplace(told.labels[i], i);
    bars.rows.push_back({told.labels[i], std::vector<double>(told.parts.size())});
  }
  for (const auto& cell : told.counts) {
    const auto row = row_of.find(cell.label);
    const auto part = std::find(told.parts.begin(), told.parts.end(), cell.part);
    if (row == row_of.end()) continue;
    bars.rows[row->second].values[static_cast<std::size_t>(part - told.parts.begin())] =
        static_cast<double>(cell.images);
  }
  return {"images-by-class", to_svg(bars)};
}

void add_box_plots(std::vector<Plot>& plots, const std::vector<Group>& groups,
                   const std::string& by) {
  for (const auto& words : kWords) {
    BoxPlot plot{fmt::format("{} by {}", words.title, by), words.axis, {}};
    for (const auto& group : groups) {
      if (group.images == 0 || plot.rows.size() == kPlottedRows) continue;
      const auto& of = spread(group, words.measure);
      plot.rows.push_back({group.name, of.p05, of.q1, of.median, of.q3, of.p95, of.mean});
    }
    if (plot.rows.empty()) continue;
    plots.push_back({fmt::format("{}-by-{}", data::name_of(words.measure), by), to_svg(plot)});
  }
}

std::string head(const Exploration& told) {
  const std::string families = told.families_known ? count(told.families) : "unknown";
  return facts({{count(told.images), "images"},
                {families, "families"},
                {count(told.labels.size()), "classes"},
                {count(told.sources.size()), "sources named"},
                {count(told.unreadable.size()), "unreadable", !told.unreadable.empty()},
                {count(told.doubles.size()), "contents in several files", !told.doubles.empty()},
                {count(told.conflicts.size()), "label conflicts", !told.conflicts.empty()}});
}

std::string counts_section(const Exploration& told, const std::string& plot) {
  Table table{told.families_known ? "Images of each class in each part, families in brackets"
                                  : "Images of each class in each part",
              {"class"},
              {}};
  for (const auto& part : told.parts) table.columns.push_back(">" + part);
  const bool has_sum = told.parts.size() > 1;
  if (has_sum) table.columns.emplace_back(">all images");
  std::map<std::pair<std::string_view, std::string_view>, const data::PartCount*> cells;
  for (const auto& cell : told.counts)
    cells.emplace(std::pair(std::string_view(cell.label), std::string_view(cell.part)), &cell);
  for (const auto& label : told.labels) {
    std::vector<std::string> row{escape(label)};
    std::size_t images = 0;
    for (const auto& part : told.parts) {
      const auto found = cells.find({label, part});
      if (found == cells.end()) {
        row.emplace_back("0");
        continue;
      }
      images += found->second->images;
      row.push_back(count(found->second->images));
      if (told.families_known) row.back() += fmt::format(" ({})", count(found->second->families));
    }
    if (has_sum) row.push_back(count(images));
    table.rows.push_back(std::move(row));
  }
  return grid(
      {figure(plot, "Each bar is a class; its pieces are the parts of the set."), to_html(table)});
}

Result<std::string> cells_section(const Exploration& told) {
  std::string html = paragraph(
      "Examples are spread evenly over the files of a class. The mean cell is the average of all "
      "its pictures, each stretched to a square: a sharp one means that they show the same thing "
      "in the same place.");
  std::vector<std::string> figures;
  for (const auto& cells : told.cells) {
    if (cells.mean.empty()) {
      figures.push_back(figure("", cells.label + ": no picture could be read"));
      continue;
    }
    BC_ASSIGN(std::string row,
              picture(cells.mean, fmt::format("The mean picture of {}", cells.label), 96));
    row = "<div class=\"cells\">" + row;
    for (const auto& example : cells.examples) {
      BC_ASSIGN(const std::string one,
                picture(example.picture, fmt::format("{}: {}", cells.label, example.file),
                        96 * example.picture.width_px / example.picture.height_px));
      row += one;
    }
    figures.push_back(figure(row + "</div>", fmt::format("{}: the mean of all, then {} examples",
                                                         cells.label, cells.examples.size())));
  }
  html += grid(figures);
  if (told.labels.size() > told.cells.size()) {
    html += paragraph(
        fmt::format("{} further classes are not shown.", told.labels.size() - told.cells.size()));
  }
  return html;
}

std::string sizes_section(const Exploration& told) {
  Table table{told.sizes.size() > kListed
                  ? fmt::format("The {} commonest of {} sizes", kListed, told.sizes.size())
                  : std::string("Pictures of each size"),
              {"width × height, px", ">images"},
              {}};
  for (std::size_t i = 0; i < std::min(kListed, told.sizes.size()); ++i) {
    const auto& size = told.sizes[i];
    table.rows.push_back(
        {fmt::format("{} × {}", size.width_px, size.height_px), count(size.images)});
  }
  return to_html(table);
}

std::string look_table(const std::vector<Group>& groups, const std::string& by) {
  Table table{fmt::format("Mean ± standard deviation over the pictures of each {}", by),
              {by, ">images", "mean colour"},
              {}};
  for (const auto& words : kWords) {
    table.columns.push_back(
        fmt::format(">{}{}", words.title, words.measure == Measure::black_share ? ", %" : ""));
  }
  for (const auto& group : groups) {
    std::vector<std::string> row{escape(group.name), count(group.images), "–"};
    if (group.images > 0) {
      const auto hex = fmt::format("#{:02x}{:02x}{:02x}",
                                   static_cast<int>(spread(group, Measure::red).mean + 0.5),
                                   static_cast<int>(spread(group, Measure::green).mean + 0.5),
                                   static_cast<int>(spread(group, Measure::blue).mean + 0.5));
      row[2] = fmt::format("<span class=\"swatch\" style=\"background:{0}\"></span>{0}", hex);
    }
    for (const auto& words : kWords) {
      const auto& of = spread(group, words.measure);
      row.push_back(group.images > 0 ? fmt::format("{:.1f} ± {:.1f}", of.mean, of.deviation) : "–");
    }
    table.rows.push_back(std::move(row));
  }
  return to_html(table);
}

std::string look_section(const std::vector<Group>& groups, const std::vector<Plot>& plots,
                         const std::string& by) {
  std::vector<std::string> figures;
  for (const auto& words : kWords) {
    const auto name = fmt::format("{}-by-{}", data::name_of(words.measure), by);
    const auto plot =
        std::find_if(plots.begin(), plots.end(), [&](const auto& one) { return one.name == name; });
    if (plot == plots.end()) continue;
    figures.push_back(figure(plot->svg, fmt::format("{}: {}.", words.title, words.axis)));
  }
  return paragraph(fmt::format(
             "Box: the middle half of the pictures; line: the median; dot: the mean; whiskers: 5th "
             "to 95th percentile. Measured at {} px of the shorter side. Black area: pixels whose "
             "channels are all {} or less.",
             data::kMeasuredSide_px, data::kBlackest)) +
         grid(figures) + look_table(groups, by);
}

std::string names(const std::vector<std::string>& files) {
  std::string html;
  for (std::size_t i = 0; i < std::min(files.size(), kFilesInRow); ++i) {
    html += (i == 0 ? "" : "<br>") + breakable(files[i]);
  }
  if (files.size() > kFilesInRow) {
    html += fmt::format("<br>and {} more", count(files.size() - kFilesInRow));
  }
  return html;
}

// A table of at most kListed of the items, or a sentence when there are none.
template <class Item>
std::string list(const std::vector<Item>& items, const std::string& what,
                 std::vector<std::string> columns,
                 const std::function<std::vector<std::string>(const Item&)>& row_of) {
  if (items.empty()) return paragraph(fmt::format("{}: none.", what));
  Table table{items.size() > kListed
                  ? fmt::format("{}: the first {} of {}", what, kListed, count(items.size()))
                  : fmt::format("{}: {}", what, count(items.size())),
              std::move(columns),
              {}};
  for (std::size_t i = 0; i < std::min(kListed, items.size()); ++i) {
    table.rows.push_back(row_of(items[i]));
  }
  return to_html(table);
}

std::string errors(const std::vector<Error>& problems, const std::string& what) {
  return list<Error>(problems, what, {"file", "what is wrong"}, [](const Error& error) {
    const std::string told =
        error.remedy.empty() ? error.message : error.message + "; " + error.remedy;
    return std::vector<std::string>{breakable(error.path), escape(told)};
  });
}

std::string faults_section(const Exploration& told) {
  return errors(told.unreadable, "Pictures that cannot be read") +
         errors(told.problems, "Files and rows that were left out") +
         list<data::Double>(told.doubles, "Contents that stand in several files",
                            {"files", ">count", "parts"},
                            [](const data::Double& same) {
                              return std::vector<std::string>{
                                  names(same.files), count(same.files.size()), names(same.parts)};
                            }) +
         list<data::Conflict>(
             told.conflicts, "Families or equal files with different labels",
             {"family or sha256", "labels", "files"}, [](const data::Conflict& conflict) {
               return std::vector<std::string>{escape(conflict.name), names(conflict.labels),
                                               names(conflict.files)};
             });
}

}  // namespace

std::vector<Plot> plots_of(const Exploration& told) {
  std::vector<Plot> plots{counts_plot(told)};
  add_box_plots(plots, told.classes, "class");
  add_box_plots(plots, told.sources, "source");
  return plots;
}

Result<std::string> page_of(const Exploration& told, std::string_view name) {
  const auto plots = plots_of(told);
  Page page(fmt::format("The set {}", name),
            "What is in it, how it looks and what is wrong with it, before anyone learns from it.");
  page.add(head(told));
  page.section("Classes and parts", counts_section(told, plots.front().svg));
  BC_ASSIGN(const std::string cells, cells_section(told));
  page.section("Cells", cells);
  page.section("Look by class", look_section(told.classes, plots, "class"));
  if (!told.sources.empty()) {
    page.section("Look by source", look_section(told.sources, plots, "source"));
  }
  page.section("Sizes", sizes_section(told));
  page.section("Faults", faults_section(told));
  return page.text();
}

}  // namespace bloodcell::report
