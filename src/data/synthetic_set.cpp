#include <algorithm>
#include <mutex>
#include <optional>
#include <string>
#include <utility>

#include <bloodcell/base/csv.hpp>
#include <bloodcell/base/files.hpp>
#include <bloodcell/base/random.hpp>
#include <bloodcell/data/augment.hpp>
#include <bloodcell/data/synthetic.hpp>
#include <bloodcell/image/encode.hpp>

namespace bloodcell::data {

namespace {

constexpr int kMostCells = 100'000;

struct Task {
  std::string label;
  int cell = 0;
};

std::string file_name(const Task& task, int copy) {
  return fmt::format("{}/{}-{:05}-{}.png", task.label, task.label, task.cell, copy);
}

// The first copy is the cell itself; later ones are turned, shifted and lit otherwise.
Result<void> write_copies(const std::filesystem::path& folder, const SyntheticSetOptions& options,
                          const Augmentation& change, const Task& task) {
  const auto index = static_cast<std::uint64_t>(task.cell);
  BC_ASSIGN(const image::Image cell,
            synthetic_cell(task.label, options.seed, index, options.side_px));
  for (int copy = 0; copy < options.copies_per_cell; ++copy) {
    const auto draw = index * static_cast<std::uint64_t>(options.copies_per_cell) +
                      static_cast<std::uint64_t>(copy);
    const Random random(options.seed, stream_of("copy " + task.label), draw);
    const image::Image picture = copy == 0 ? cell : augment(cell, change, random);
    BC_ASSIGN(const Bytes png, image::encode_png(picture));
    BC_CHECK(write_file(folder / file_name(task, copy), png));
  }
  return {};
}

Result<std::vector<std::string>> labels_of(const SyntheticSetOptions& options) {
  const auto all = synthetic_labels();
  if (options.labels.empty()) return std::vector<std::string>(all.begin(), all.end());
  std::vector<std::string> labels = options.labels;
  std::sort(labels.begin(), labels.end());
  labels.erase(std::unique(labels.begin(), labels.end()), labels.end());
  for (const auto& label : labels) {
    if (std::find(all.begin(), all.end(), label) == all.end()) {
      return fail(ErrorCode::usage, fmt::format("no made-up cell is called `{}`", label), {},
                  fmt::format("name some of {}", fmt::join(all, ", ")));
    }
  }
  return labels;
}

}  // namespace

Result<void> write_synthetic_set(const Context& context, const std::filesystem::path& folder,
                                 const SyntheticSetOptions& options) {
  if (options.cells_per_class < 1 || options.cells_per_class > kMostCells ||
      options.copies_per_cell < 1 || options.copies_per_cell > kMostCells) {
    return fail(ErrorCode::usage,
                fmt::format("{} cells with {} copies each; both are 1 to {}",
                            options.cells_per_class, options.copies_per_cell, kMostCells));
  }
  BC_ASSIGN(const auto labels, labels_of(options));
  BC_ASSIGN(const Augmentation change, augmentation_named("turn"));
  std::vector<Task> tasks;
  for (const auto& label : labels) {
    for (int cell = 0; cell < options.cells_per_class; ++cell) tasks.push_back({label, cell});
  }

  std::vector<std::optional<Error>> errors(tasks.size());
  std::mutex mutex;
  ProgressStep step{"drawing", 0, tasks.size(), "cells", ""};  // guarded by mutex
  context.pool.for_each(tasks.size(), [&](std::size_t i) {
    if (context.cancellation.requested()) return;
    auto written = write_copies(folder, options, change, tasks[i]);
    if (!written) errors[i] = std::move(written).error();
    const std::lock_guard lock(mutex);
    ++step.done;
    context.progress.update(step);
  });
  context.progress.finish();
  BC_CHECK(context.cancellation.check());
  for (auto& error : errors) {
    if (error) return tl::unexpected(std::move(*error));
  }

  std::string families = "file,family\n";
  for (const auto& task : tasks) {
    for (int copy = 0; copy < options.copies_per_cell; ++copy) {
      const std::array<std::string, 2> row{file_name(task, copy),
                                           fmt::format("{}-{:05}", task.label, task.cell)};
      families += csv_row(row);
    }
  }
  return write_text(folder / "families.csv", families);
}

}  // namespace bloodcell::data
