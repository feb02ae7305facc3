#include <verbs/judged_data.hpp>

#include <numeric>

#include <bloodcell/data/split.hpp>

namespace bloodcell::cli {

void add_judged_options(CLI::App& command, JudgedOptions& options) {
  command
      .add_option("--data", options.data, "folder of class folders (or TRAIN, TEST), or manifest")
      ->type_name("PATH")
      ->required();
  command.add_option("--split", options.split, "made by data split; takes one part of it")
      ->type_name("FILE");
  command.add_option("--part", options.part, "of the split; without it, as the verb says");
  command.add_option("--families", options.families, "CSV of file,family")->type_name("FILE");
}

Result<Judged> open_judged(const Context& context, const JudgedOptions& options,
                           const std::string& default_part) {
  if (options.split.empty() && !options.part.empty()) {
    return fail(ErrorCode::usage, "--part is a part of a split, but no --split is named", {},
                "add --split FILE, or leave --part out");
  }
  Judged judged;
  if (options.split.empty()) {
    BC_ASSIGN(judged.dataset, data::open_dataset(context, options.data, {options.families, {}}));
    judged.samples.resize(judged.dataset.samples.size());
    std::iota(judged.samples.begin(), judged.samples.end(), std::size_t{0});
    return judged;
  }
  BC_ASSIGN(const auto split, data::load_split(options.split, context.limits));
  BC_ASSIGN(judged.dataset,
            data::open_dataset(context, options.data, {options.families, split.labels}));
  if (options.families.empty()) data::adopt_families(judged.dataset, split);
  if (const auto leaks = data::find_leaks(split); !leaks.empty()) {
    context.log.warning("{}: {} families or files stand in several parts; the figures flatter",
                        options.split, leaks.size());
  }
  judged.part = options.part.empty() ? default_part : options.part;
  BC_ASSIGN(judged.samples, data::samples_of(judged.dataset, split, judged.part));
  if (auto learnt_from = data::samples_of(judged.dataset, split, "train")) {
    judged.learnt_from = std::move(*learnt_from);
  }
  return judged;
}

}  // namespace bloodcell::cli
