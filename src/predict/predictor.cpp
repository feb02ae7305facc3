#include <bloodcell/predict/predictor.hpp>

#include <algorithm>
#include <utility>

#include <bloodcell/base/files.hpp>

#include "seen.hpp"

namespace bloodcell::predict {

namespace {

Row error_row(std::string file, const Error& error) {
  Error without_path = error;
  without_path.path.clear();
  Row row;
  row.file = std::move(file);
  row.status = Status::error;
  row.message = to_text(without_path);
  return row;
}

void fill(Row& row, const SeenCell& cell, Verdict verdict) {
  row.probabilities = std::move(verdict.probabilities);
  row.class_index = verdict.class_index;
  row.confidence = verdict.confidence;
  row.set = std::move(verdict.set);
  row.unfamiliarity = verdict.unfamiliarity;
  row.other_thing = verdict.other_thing;
  if (cell.is_cut) row.message = "cut by the edge";
  if (verdict.doubt.empty()) return;
  row.status = Status::unidentified;
  row.message = std::move(verdict.doubt);
}

void count(const Row& row, Totals& totals) {
  if (row.cell == 0) ++totals.files;
  if (row.status == Status::error) {
    ++totals.errors;
  } else if (row.status == Status::no_cell) {
    ++totals.without_cell;
  } else {
    ++totals.cells;
    if (row.status == Status::unidentified) ++totals.unidentified;
  }
}

}  // namespace

Row row_without_cell(std::string file, const image::Box& picture) {
  Row row;
  row.file = std::move(file);
  row.box = picture;
  row.status = Status::no_cell;
  row.message = "no white cell was found";
  return row;
}

std::string_view name_of(Status status) {
  switch (status) {
    case Status::ok: return "ok";
    case Status::unidentified: return "unidentified";
    case Status::no_cell: return "no_cell";
    case Status::error: return "error";
  }
  return "error";
}

// A cell that waits for its batch, and the row it is to fill.
struct Predictor::Pending {
  const SeenCell* cell = nullptr;
  std::size_t row = 0;
};

// A batch of files as rows.
struct Predictor::Done {
  Result<std::vector<Row>> rows;
  StageTimes times;
};

Predictor::Predictor(model_file::Description description, infer::Session session, Judge judge,
                     std::optional<locate::Locator> locator, std::optional<SecondReader> second,
                     Options options)
    : description_(std::move(description)),
      session_(std::move(session)),
      judge_(std::move(judge)),
      locator_(std::move(locator)),
      second_(std::move(second)),
      options_(std::move(options)) {}

Result<Predictor> Predictor::open(const Context& context, model_file::ModelFile model,
                                  const Options& options) {
  if (options.batch < 1 || options.batch > 4096) {
    return fail(ErrorCode::usage, fmt::format("a batch of {}, must be 1 to 4096", options.batch));
  }
  if (model.description.task != graph::Task::classify) {
    return fail(ErrorCode::usage,
                fmt::format("`{}` finds cells and names no classes", model.description.name), {},
                "give a model that classifies; this one is for bloodcell locate");
  }
  if (!(options.judge.min_confidence <= 1)) {
    return fail(ErrorCode::usage, fmt::format("a least confidence of {}, must be 0 to 1",
                                              options.judge.min_confidence));
  }
  BC_ASSIGN(auto judge, Judge::make(model.description, options.judge));
  std::optional<SecondReader> second;
  if (options.reads_twice) {
    second = SecondReader::of(model.description, std::move(model.second),
                              {options.precision, options.cache_folder, options.batch == 1},
                              context.limits);
  }
  // Side by side: compiling is most of a program's start.
  Result<std::optional<locate::Locator>> locator;
  std::optional<Result<infer::Session>> session;
  Result<void> prepared;
  context.pool.for_each(second && options.prepares_second ? 3 : 2, [&](std::size_t i) {
    if (i == 0) {
      session = infer::Session::open(model, {.threads = 1,
                                             .precision = options.precision,
                                             .cache_folder = options.cache_folder,
                                             .keep_embedding = judge.needs_embedding(),
                                             .one_at_a_time = options.batch == 1});
    } else if (i == 1) {
      locator = locator_of(model, options.locator,
                           {.precision = options.precision, .cache_folder = options.cache_folder},
                           context.limits);
    } else {
      prepared = second->prepare();
    }
  });
  if (!*session) return tl::unexpected(std::move(session)->error());
  if (!locator) return tl::unexpected(std::move(locator).error());
  if (!prepared) return tl::unexpected(std::move(prepared).error());
  return Predictor(std::move(model.description), std::move(**session), std::move(judge),
                   std::move(*locator), std::move(second), options);
}

Result<infer::Verification> Predictor::verify() const {
  BC_ASSIGN(const auto own, infer::verify(session_, description_));
  if (!second_) return own;
  BC_ASSIGN(const auto second, second_->verify());
  return infer::together(own, second);
}

image::Preprocessing Predictor::framing() const {
  auto framing = description_.preprocessing;
  if (!second_) return framing;
  framing.width_px = std::max(framing.width_px, second_->preprocessing().width_px);
  framing.height_px = std::max(framing.height_px, second_->preprocessing().height_px);
  return framing;
}

Result<Predictor::Seen> Predictor::look_at(const std::filesystem::path& path,
                                           const Limits& limits) const {
  StageTimes times;
  StageClock clock(times);
  BC_ASSIGN(const Bytes bytes, read_file(path, limits.max_file_bytes));
  clock.charge(Stage::read);
  BC_ASSIGN(auto seen, look_at(bytes, path.string(), limits));
  seen.times += times;
  return seen;
}

Result<Predictor::Seen> Predictor::look_at(std::span<const std::byte> bytes, std::string_view file,
                                           const Limits& limits) const {
  StageTimes times;
  StageClock clock(times);
  BC_ASSIGN(const image::Header header, image::read_header(bytes, limits));
  // Boxes are said in pixels of the file, so what is to be located is decoded whole.
  const auto how = locator_ ? image::DecodeOptions{} : image::decode_options_for(framing());
  BC_ASSIGN(const image::Image picture, image::decode(bytes, limits, how));
  clock.charge(Stage::decode);
  BC_ASSIGN(auto seen, look_at(picture, file, options_.shows));
  seen.times += times;
  seen.picture = {0, 0, header.width_px, header.height_px};
  if (!locator_) seen.cells.front().box = seen.picture;
  return seen;
}

Result<Predictor::Seen> Predictor::look_at(const image::Image& picture, std::string_view file,
                                           Shows shows) const {
  if (picture.empty()) return fail(ErrorCode::usage, "an empty picture");
  Seen seen{std::string(file), {0, 0, picture.width_px, picture.height_px}, {}, {}, {}};
  StageClock clock(seen.times);
  BC_ASSIGN(seen.cells, see_cells(picture, wanted(), locator(), shows, clock));
  return seen;
}

Result<void> Predictor::classify_batch(std::span<const Pending> batch, std::span<float> input,
                                       std::vector<Row>& rows, StageClock& clock) const {
  const std::size_t values = description_.preprocessing.input_values();
  const std::size_t classes = description_.labels.size();
  for (std::size_t i = 0; i < batch.size(); ++i) {
    image::preprocess(batch[i].cell->frame, description_.preprocessing,
                      input.subspan(i * values, values));
  }
  clock.charge(Stage::frame);
  BC_ASSIGN(const auto looked, session_.look(input, static_cast<int>(batch.size())));
  clock.charge(Stage::network);
  std::vector<std::vector<double>> probabilities;
  std::vector<const image::Image*> framed;
  for (std::size_t i = 0; i < batch.size(); ++i) {
    probabilities.push_back(
        judge_.probabilities(std::span(looked.logits).subspan(i * classes, classes)));
    framed.push_back(&batch[i].cell->framed);
  }
  if (second_) {
    // What keeps it from running is the model's fault, not the picture's.
    BC_ASSIGN(const auto again,
              second_->read_unsure(judge_, framed, probabilities).map_error([&](Error error) {
                error.code = ErrorCode::internal;
                error.message =
                    fmt::format("the second network of `{}`: {}", description_.name, error.message);
                return error;
              }));
    for (std::size_t i = 0; i < batch.size(); ++i) rows[batch[i].row].is_read_twice = again[i];
    clock.charge(Stage::second);
  }
  const std::size_t embedding = looked.embedding.size() / batch.size();
  for (std::size_t i = 0; i < batch.size(); ++i) {
    fill(rows[batch[i].row], *batch[i].cell,
         judge_.verdict(probabilities[i],
                        std::span(looked.embedding).subspan(i * embedding, embedding),
                        input.subspan(i * values, values)));
  }
  clock.charge(Stage::label);
  return {};
}

// The cells of all pictures share batches.
Result<std::vector<Row>> Predictor::rows_of(std::span<const Seen> pictures,
                                            StageTimes& times) const {
  std::vector<Row> rows;
  std::vector<Pending> pending;
  for (const Seen& seen : pictures) {
    times += seen.times;
    if (seen.error) {
      rows.push_back(error_row(seen.file, *seen.error));
    } else if (seen.cells.empty()) {
      rows.push_back(row_without_cell(seen.file, seen.picture));
    }
    for (std::size_t i = 0; i < seen.cells.size(); ++i) {
      pending.push_back({&seen.cells[i], rows.size()});
      Row& row = rows.emplace_back();
      row.file = seen.file;
      row.cell = static_cast<int>(i);
      row.box = seen.cells[i].box;
    }
  }
  const std::size_t values = description_.preprocessing.input_values();
  const std::size_t batch = std::min(static_cast<std::size_t>(options_.batch), pending.size());
  auto buffer = inputs_->take(batch * values);
  const std::span<float> input = buffer.first(batch * values);
  StageClock clock(times);
  for (std::size_t first = 0; first < pending.size(); first += batch) {
    const std::size_t here = std::min(batch, pending.size() - first);
    BC_CHECK(classify_batch(std::span(pending).subspan(first, here), input.first(here * values),
                            rows, clock));
  }
  return rows;
}

Predictor::Done Predictor::classify_files(const Context& context,
                                          std::span<const std::filesystem::path> files) const {
  std::vector<Seen> seen(files.size());
  context.pool.for_each(files.size(), [&](std::size_t i) {
    auto looked = look_at(files[i], context.limits);
    seen[i] = looked ? std::move(*looked) : Seen{files[i].string(), {}, {}, looked.error(), {}};
  });
  Done done;
  done.rows = rows_of(seen, done.times);
  return done;
}

Result<Totals> Predictor::run(const Context& context, const Inputs& inputs,
                              const std::function<void(const Row&)>& sink) const {
  Totals totals;
  const auto emit = [&](const Row& row) {
    count(row, totals);
    sink(row);
  };
  // Each thread takes a batch of files from their bytes to their rows; batches hold the same files
  // whatever the number of threads, so that their rows are the same.
  const auto batch = static_cast<std::size_t>(options_.batch);
  const std::size_t window = batch * context.pool.size();
  for (std::size_t first = 0; first < inputs.files.size();) {
    BC_CHECK(context.cancellation.check());
    const auto turn = next_turn(context, std::span(inputs.files).subspan(first), window);
    const auto& files = turn.files;
    const std::size_t here = files.size();
    first += here;
    if (turn.is_slide) {
      auto rows = classify_slide(context, files.front(), totals.times);
      if (!rows) {
        const auto code = rows.error().code;
        if (code == ErrorCode::cancelled || code == ErrorCode::internal) {
          return tl::unexpected(std::move(rows).error());
        }
        rows = std::vector{error_row(files.front().string(), rows.error())};
      }
      for (const Row& row : *rows) emit(row);
      continue;
    }
    std::vector<Done> done((here + batch - 1) / batch);
    context.pool.for_each(done.size(), [&](std::size_t i) {
      const std::size_t from = i * batch;
      done[i] = classify_files(context, files.subspan(from, std::min(batch, here - from)));
    });
    for (const Done& part : done) {
      if (!part.rows) return tl::unexpected(part.rows.error());
      for (const Row& row : *part.rows) emit(row);
      totals.times += part.times;
    }
    context.progress.update({"classifying", first, inputs.files.size(), "images", ""});
  }
  for (const Error& problem : inputs.problems) emit(error_row(problem.path, problem));
  context.progress.finish();
  return totals;
}

Result<std::vector<Row>> Predictor::classify_bytes(std::span<const std::byte> bytes,
                                                   std::string_view file,
                                                   const Limits& limits) const {
  BC_ASSIGN(const Seen seen, look_at(bytes, file, limits));
  StageTimes times;
  return rows_of(std::span(&seen, 1), times);
}

std::vector<Result<std::vector<Row>>> Predictor::classify_together(
    std::span<const Encoded> pictures, const Limits& limits) const {
  std::vector<Result<std::vector<Row>>> answers(pictures.size());
  std::vector<Seen> seen;
  std::vector<std::size_t> places;  // of what was seen, among the pictures
  for (std::size_t i = 0; i < pictures.size(); ++i) {
    auto looked = look_at(pictures[i].bytes, pictures[i].name, limits);
    if (!looked) {
      answers[i] = tl::unexpected(std::move(looked).error());
      continue;
    }
    seen.push_back(std::move(*looked));
    places.push_back(i);
  }
  StageTimes times;
  auto rows = rows_of(seen, times);
  auto next = rows ? rows->begin() : std::vector<Row>::iterator();
  for (std::size_t i = 0; i < places.size(); ++i) {
    if (!rows) {
      answers[places[i]] = tl::unexpected(rows.error());
      continue;
    }
    const auto end =
        next + static_cast<std::ptrdiff_t>(std::max<std::size_t>(1, seen[i].cells.size()));
    answers[places[i]] =
        std::vector<Row>(std::make_move_iterator(next), std::make_move_iterator(end));
    next = end;
  }
  return answers;
}

Result<std::vector<Row>> Predictor::classify(const image::Image& image,
                                             std::string_view file) const {
  BC_ASSIGN(const Seen seen, look_at(image, file, options_.shows));
  StageTimes times;
  return rows_of(std::span(&seen, 1), times);
}

Result<Row> Predictor::classify_meant(const image::Image& image, std::string_view file) const {
  BC_ASSIGN(const Seen seen, look_at(image, file, Shows::cell));
  StageTimes times;
  BC_ASSIGN(auto rows, rows_of(std::span(&seen, 1), times));
  return std::move(rows.front());
}

Result<Row> Predictor::classify_frame(const image::Image& frame, std::string_view file) const {
  if (frame.empty()) return fail(ErrorCode::usage, "an empty picture");
  Seen seen{std::string(file), {0, 0, frame.width_px, frame.height_px}, {}, {}, {}};
  seen.cells.push_back(see_framed(frame, wanted()));
  StageTimes times;
  BC_ASSIGN(auto rows, rows_of(std::span(&seen, 1), times));
  return std::move(rows.front());
}

}  // namespace bloodcell::predict
