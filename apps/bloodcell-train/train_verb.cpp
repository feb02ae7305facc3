#include <memory>
#include <vector>

#include <nlohmann/json.hpp>

#include <bloodcell/data/augment.hpp>
#include <bloodcell/train/group.hpp>
#include <bloodcell/train/learner.hpp>
#include <bloodcell/train/train.hpp>

#include "new_run.hpp"
#include "rounds.hpp"
#include "run_data.hpp"
#include "verbs.hpp"

namespace bloodcell::training {
namespace {

struct TrainOptions {
  NewRunOptions settings;
  RoundOptions rounds;
  std::string resume;
  std::string launcher = "auto";
  int patience_seconds = 300;                        // of processes for each other
  std::vector<const CLI::Option*> fixed_by_the_run;  // a resumed run keeps these
};

Result<OpenRun> open_run(const Context& context, const TrainOptions& options) {
  if (options.resume.empty()) return start_run(context, options.settings);
  for (const auto* option : options.fixed_by_the_run) {
    if (option->count() == 0) continue;
    return fail(
        ErrorCode::usage,
        fmt::format("{} with --resume: a resumed run keeps its settings", option->get_name()), {},
        "leave it out, or start a new run");
  }
  BC_ASSIGN(auto directory, train::RunDirectory::open(options.resume, context.limits));
  BC_ASSIGN(auto dataset, open_run_data(context, directory, options.settings.data));
  return OpenRun{std::move(directory), std::move(dataset)};
}

// Process 0 begins or reopens the run, the others are told of it.
Result<OpenRun> open_run(const Context& context, const TrainOptions& options, train::Group& group) {
  if (group.size() == 1) return open_run(context, options);
  if (group.leads()) {
    auto run = open_run(context, options);
    BC_CHECK(group.agree(run ? Result<void>{} : tl::unexpected(run.error())));
    BC_ASSIGN([[maybe_unused]] const auto told, group.from_first(run->directory.as_text()));
    return run;
  }
  BC_CHECK(group.agree({}));
  BC_ASSIGN(const auto text, group.from_first({}));
  BC_ASSIGN(auto directory, train::RunDirectory::from_text(text));
  BC_ASSIGN(auto dataset, open_run_data(context, directory, options.settings.data));
  return OpenRun{std::move(directory), std::move(dataset)};
}

std::string percent(double share) { return fmt::format("{:.1f} %", 100 * share); }

void print_header(std::ostream& out) {
  out << fmt::format("{:>5}  {:>21}  {:>21}  {:>8}  {:>8}  {:>9}  {:>8}\n", "", "training",
                     "validation", "families", "", "learning", "")
      << fmt::format("{:>5}  {:>10} {:>10}  {:>10} {:>10}  {:>8}  {:>8}  {:>9}  {:>8}\n", "epoch",
                     "loss", "right", "loss", "right", "right", "macro F1", "rate", "images/s");
}

void print_epoch(std::ostream& out, const train::EpochRecord& record) {
  out << fmt::format(
             "{:>5}  {:>10.4f} {:>10}  {:>10.4f} {:>10}  {:>8}  {:>8.3f}  {:>9.2e}  {:>8.1f}\n",
             record.epoch, record.train_loss, percent(record.train_accuracy),
             record.validation_loss, percent(record.validation_accuracy),
             percent(record.validation_family_accuracy), record.validation_macro_f1,
             record.learning_rate, record.images_per_second)
      << std::flush;
}

void print_summary(std::ostream& out, const OpenRun& run, const train::Summary& summary) {
  const auto& directory = run.directory;
  const std::string folder = directory.folder().string();
  const std::string model = directory.config().architecture + ".onnx";
  out << fmt::format(
             "\nBest epoch {} of {}{}: validation loss {:.4f}, {} of images and {} of "
             "families right, {:.0f} s in all.\n",
             summary.best_epoch, summary.epochs_run,
             summary.stopped_early ? " (stopped early)" : "", summary.best.validation_loss,
             percent(summary.best.validation_accuracy),
             percent(summary.best.validation_family_accuracy), summary.seconds)
      << fmt::format("The run is in {}. Next:\n", folder)
      << fmt::format("  bloodcell export --run {} --output {}\n", folder, model)
      << fmt::format("  bloodcell evaluate --model {} --data {} --split {}/split.json\n", model,
                     directory.data().string(), folder);
}

// Options that would have no effect beside others. A value that is the usual one says nothing.
Result<void> check_together(const TrainOptions& options) {
  const NewRunOptions usual;
  const NewRunOptions& given = options.settings;
  const RoundOptions& rounds = options.rounds;
  const auto alone = [](const char* option, const char* beside) {
    return fail(ErrorCode::usage, fmt::format("{} has no effect with {}", option, beside), {},
                "leave one of them out");
  };
  if (rounds.folds != 0 && (rounds.folds < 3 || rounds.folds > 100))
    return fail(ErrorCode::usage, fmt::format("--folds {}: 3 to 100, or 0", rounds.folds));
  if (rounds.folds != 0 && rounds.each_source) return alone("--folds", "--leave-out-source");
  const char* parted = rounds.folds != 0    ? "--folds"
                       : rounds.each_source ? "--leave-out-source"
                                            : nullptr;
  if (parted != nullptr && !given.split.empty()) return alone("--split", parted);
  if (parted != nullptr && !given.test_part.empty()) return alone("--test-part", parted);
  if (parted == nullptr && !given.split.empty()) parted = "--split";
  if (parted != nullptr && given.test != usual.test) return alone("--test", parted);
  if (parted != nullptr && !rounds.each_source && given.validation != usual.validation)
    return alone("--validation", parted);
  const bool distils =
      given.config.distillation_weight != usual.config.distillation_weight ||
      given.config.distillation_temperature != usual.config.distillation_temperature;
  if (distils && given.teachers.empty())
    return fail(ErrorCode::usage, "--distillation-… without a teacher", {}, "add --teacher FILE");
  return {};
}

Result<int> train_together(const cli::Job& job, const TrainOptions& options, train::Group& group) {
  auto opened = open_run(job.context, options, group);
  if (!opened) {
    group.leave(opened.error());
    return tl::unexpected(std::move(opened).error());
  }
  const OpenRun& run = *opened;
  const int status = group.leads() ? report_problems(job.context, run.dataset) : 0;
  std::ostream& out = job.terminal.out;
  bool has_header = false;
  const auto on_epoch = [&](const train::EpochRecord& record) {
    if (job.json) return;
    if (!has_header) print_header(out);
    has_header = true;
    print_epoch(out, record);
  };
  const auto trained = train::train(job.context, run.directory, run.dataset, on_epoch, &group);
  if (!trained) {
    // One that was stopped, or left by another process, is to be resumed.
    const bool goes_on = trained.error().code == ErrorCode::cancelled || group.is_broken();
    if (options.resume.empty() && group.leads() && !goes_on) run.directory.forget_unless_begun();
    return tl::unexpected(trained.error());
  }
  const train::Summary& summary = *trained;
  if (!group.leads()) return status;
  if (!job.json) {
    print_summary(out, run, summary);
    return status;
  }
  nlohmann::ordered_json document{{"run", run.directory.folder().string()},
                                  {"summary", to_json(summary)},
                                  {"history", nlohmann::ordered_json::array()}};
  BC_ASSIGN(const auto history, run.directory.read_history(job.context.limits));
  for (const auto& record : history)
    document["history"].push_back(nlohmann::ordered_json(to_json(record)));
  out << document.dump(2) << "\n";
  return status;
}

Result<int> run_train(const cli::Job& job, const TrainOptions& options) {
  BC_CHECK(check_together(options));
  const bool in_rounds = options.rounds.folds > 0 || options.rounds.each_source;
  if (options.patience_seconds < 1 || options.patience_seconds > 3600) {
    return fail(ErrorCode::usage, fmt::format("--distributed-timeout {}: 1 to 3600 seconds",
                                              options.patience_seconds));
  }
  BC_ASSIGN(const auto place, train::place_in(options.launcher, train::own_environment()));
  if (in_rounds && place.size > 1) {
    return fail(ErrorCode::usage, "--folds and --leave-out-source run in one process", {},
                "give --distributed off");
  }
  if (in_rounds && options.resume.empty()) return run_rounds(job, options.settings, options.rounds);
  BC_ASSIGN(auto group,
            train::Group::join(place, std::chrono::seconds(options.patience_seconds),
                               options.settings.config.device != "cpu" && train::has_cuda()));
  auto ended = train_together(job, options, group);
  if (ended || group.leads()) return ended;
  Error error = std::move(ended).error();
  error.message = fmt::format("process {} of {}: {}", group.rank(), group.size(), error.message);
  return tl::unexpected(std::move(error));
}

std::vector<std::string> augmentations() {
  const auto names = data::augmentation_names();
  return {names.begin(), names.end()};
}

// add(name, value, what) and add_flag(name, value, what) make options that a run keeps.
template <class Add, class AddFlag>
void add_optimisation(const Add& add, const AddFlag& add_flag, train::Config& config) {
  add("--optimiser", config.optimiser, "adamw decays apart from the gradient, adam and sgd by it")
      ->check(CLI::IsMember({"adamw", "adam", "sgd"}))
      ->capture_default_str();
  add("--momentum", config.momentum, "of sgd")->capture_default_str();
  add_flag("--nesterov", config.nesterov, "of sgd: look ahead along the momentum");
  add("--lr", config.learning_rate, "learning rate; with one-cycle its peak")
      ->capture_default_str();
  add("--schedule", config.schedule,
      "of the learning rate; cosine and one-cycle end at the last step of --epochs")
      ->check(CLI::IsMember({"constant", "cosine", "one-cycle", "plateau"}))
      ->capture_default_str();
  add("--warmup-epochs", config.warmup_epochs, "the rate first rises from 0; may be a part of one")
      ->capture_default_str();
  add("--plateau-factor", config.plateau_factor, "what plateau multiplies the rate by")
      ->capture_default_str();
  add("--plateau-patience", config.plateau_patience, "epochs without a better one before it does")
      ->capture_default_str();
  add("--weight-decay", config.weight_decay, "on kernels")->capture_default_str();
  add("--clip-norm", config.clip_norm, "longest gradient of a step; 0: any")->capture_default_str();
  add("--ema", config.ema_decay,
      "decay of averaged weights, as 0.999; they are then judged and exported; 0: none")
      ->capture_default_str();
  add("--accumulate", config.accumulate, "parts that a batch goes through in, to save memory")
      ->capture_default_str();
}

template <class Add>
void add_what_is_shown(const Add& add, train::Config& config) {
  add("--mixup", config.mixup, "alpha of blended pictures, 0.05 to 1; 0: none")
      ->capture_default_str();
  add("--cutmix", config.cutmix, "alpha of pasted rectangles, 0.05 to 1; 0: none")
      ->capture_default_str();
  add("--label-smoothing", config.label_smoothing, "share of a label spread over all classes")
      ->capture_default_str();
  add("--class-weights", config.class_weights,
      "in the loss: none, balanced, or as basophil=2,monocyte=1.5")
      ->capture_default_str();
  add("--sampling", config.sampling,
      "balanced deals an epoch evenly to classes, in them to families, in those to pictures; "
      "sources deals a class to its sources first, by the square root of their families")
      ->check(CLI::IsMember({"all", "balanced", "sources"}))
      ->capture_default_str();
  add("--epoch-images", config.epoch_images, "of a balanced epoch; 0: as many as there are")
      ->capture_default_str();
}

template <class Add, class AddFlag>
void add_head(const Add& add, const AddFlag& add_flag, NewRunOptions& settings) {
  train::Config& config = settings.config;
  add("--head", config.head,
      "own is the network's; a new one begins with the mean of each map (pooled) or all of them "
      "(flat)")
      ->check(CLI::IsMember({"own", "pooled", "flat"}))
      ->capture_default_str();
  add("--head-layers", config.head_layers, "dense ones before the classes, 0 to 8")
      ->capture_default_str();
  add("--head-width", config.head_width, "of each of them")->capture_default_str();
  add_flag("--head-no-norm", settings.head_without_norm, "no batch norm after them");
  add("--head-dropout", config.head_dropout, "after each of them")->capture_default_str();
  add("--head-l2", config.head_l2, "of their kernels' squares in the loss")->capture_default_str();
}

template <class Add, class AddFlag>
void add_what_was_learned(const Add& add, const AddFlag& add_flag, NewRunOptions& settings) {
  train::Config& config = settings.config;
  add_flag("--input-norm", config.input_norm,
           "a layer before all others takes each picture's own light and contrast out");
  add("--weights", settings.weights,
      "begin with these: a run's best or last, torchvision's or timm's as safetensors, Keras' as "
      "HDF5; a head for other classes is drawn")
      ->type_name("FILE");
  add("--freeze", config.freeze,
      "what stays as --weights has it: none, backbone, or all before the layer named here")
      ->capture_default_str();
  add("--unfreeze", config.unfreeze,
      "EPOCH=LAYER: from that epoch on, the layers from this one on learn, too; EPOCH=all: all; "
      "more than once: stage by stage")
      ->type_name("EPOCH=LAYER");
  add_flag("--freeze-norm", config.freeze_norm,
           "batch norms before the head keep the statistics of --weights");
  add("--feature-variants", config.feature_variants,
      "run a frozen backbone once for so many augmented variants of each picture and keep what it "
      "says; epochs take them in turn; 0: once without --augment, else every epoch anew")
      ->capture_default_str();
  add("--backbone-lr-factor", config.backbone_rate_factor, "of --lr, for all but the head")
      ->capture_default_str();
  add("--teacher", settings.teachers, "model file to learn from; more than once: their mean")
      ->type_name("FILE");
  add("--distillation-weight", config.distillation_weight, "of the teachers in the loss")
      ->capture_default_str();
  add("--distillation-temperature", config.distillation_temperature,
      "their answers are softened by it")
      ->capture_default_str();
}

cli::Action set_up(CLI::App& command) {
  auto options = std::make_shared<TrainOptions>();
  NewRunOptions& settings = options->settings;
  train::Config& config = settings.config;
  const auto add = [&](const char* name, auto& value, const char* what) {
    CLI::Option* option = command.add_option(name, value, what);
    options->fixed_by_the_run.push_back(option);
    return option;
  };
  const auto add_flag = [&](const char* name, bool& value, const char* what) {
    CLI::Option* option = command.add_flag(name, value, what);
    options->fixed_by_the_run.push_back(option);
    return option;
  };
  command
      .add_option("--data", settings.data, "folder of class folders (or TRAIN, TEST), or manifest")
      ->type_name("PATH");
  add("--model", config.architecture, "the network: see bloodcell models")->capture_default_str();
  add("--families", settings.families, "CSV of file,family: pictures of one cell stay together")
      ->type_name("FILE");
  add("--split", settings.split, "made by bloodcell data split; without it, one by family")
      ->type_name("FILE");
  add("--run", settings.run, "new folder for the run; without it runs/<model>-<number>")
      ->type_name("FOLDER");
  add("--size", settings.size, "input of the network, as 320x240; without it the network's usual");
  add("--input-scale", settings.input_scale,
      "pixels as 0..255 (raw), 0..1 (unit) or -1..1 (signed) in place of the network's own scaling")
      ->check(CLI::IsMember({"raw", "unit", "signed"}));
  add("--cell-margin", settings.cell_margin,
      "see of each boxed cell the square this many times its longer side; 0: its box");
  add("--white-point", settings.white_point,
      "bring the light of each picture's ground here, 1 to 255; 0: colours stay");
  add("--augment", config.augmentation, "changes of the pictures while training")
      ->check(CLI::IsMember(augmentations()))
      ->capture_default_str();
  add("--epochs", config.epochs, "at most so many passes over the pictures")->capture_default_str();
  add("--batch", config.batch, "pictures a step")->capture_default_str();
  add_optimisation(add, add_flag, config);
  add_what_is_shown(add, config);
  add_head(add, add_flag, settings);
  add_what_was_learned(add, add_flag, settings);
  add("--patience", config.patience, "stop after so many epochs without a better one; 0: never")
      ->capture_default_str();
  add("--monitor", config.monitor, "what the best epoch is best in")
      ->check(CLI::IsMember({"validation_loss", "validation_accuracy", "validation_macro_f1"}))
      ->capture_default_str();
  add("--seed", config.seed, "of weights, order, augmentation, dropout and split")
      ->capture_default_str();
  add("--validation", settings.validation, "share of pictures that watch the training")
      ->capture_default_str();
  add("--test", settings.test, "share of pictures kept for bloodcell evaluate")
      ->capture_default_str();
  add("--test-part", settings.test_part, "a published part (TEST) that is the test set as it is");
  add("--folds", options->rounds.folds,
      "cross-validation by family: so many runs, 3 to 100, each part tests once; the same command "
      "again goes on; 0: one run")
      ->capture_default_str();
  add_flag("--leave-out-source", options->rounds.each_source,
           "one run for each source of the set, which it is tested on");
  add_flag("--tensorboard", config.tensorboard, "write event files into the run's tensorboard/");
  add("--checkpoint-seconds", config.checkpoint_seconds,
      "between checkpoints within an epoch; 0: only after epochs")
      ->capture_default_str();
  add("--device", config.device, "auto takes CUDA where the libtorch has it")
      ->check(CLI::IsMember({"auto", "cpu", "cuda"}))
      ->capture_default_str();
  add_flag("--allow-leak", settings.allow_leak, "train on a split with a family on two sides");
  command
      .add_option("--distributed", options->launcher,
                  "one of several processes, as these variables say; auto takes torchrun's and "
                  "MPI's where they are, slurm must be asked for")
      ->check(CLI::IsMember({"auto", "off", "torchrun", "mpi", "slurm"}))
      ->capture_default_str();
  command
      .add_option("--distributed-timeout", options->patience_seconds,
                  "seconds that processes wait for each other, 1 to 3600")
      ->capture_default_str();
  command.add_option("--resume", options->resume, "go on with this run, with its own settings")
      ->type_name("FOLDER");
  return [options](const cli::Job& job) { return run_train(job, *options); };
}

}  // namespace

cli::Verb train_verb() {
  return {"train", "Train a network on labelled pictures",
          "  bloodcell train --model compact --data cells/ --families families.csv\n"
          "  bloodcell train --model baseline --data dataset2-master/ --families families.csv \\\n"
          "      --test-part TEST --run runs/baseline\n"
          "  bloodcell train --resume runs/baseline",
          set_up};
}

}  // namespace bloodcell::training
