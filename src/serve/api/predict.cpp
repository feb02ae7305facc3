// POST /api/v1/predict: pictures → rows, whole or as they are ready.
#include <sstream>
#include <utility>

#include <bloodcell/image/decode.hpp>
#include <bloodcell/image/encode.hpp>
#include <bloodcell/predict/output.hpp>
#include <bloodcell/serve/problem.hpp>

#include <pictures.hpp>

#include "groups.hpp"
#include "picture_content.hpp"

namespace bloodcell::serve {

namespace {

using predict::OutputFormat;
using predict::Row;

constexpr int kNoColumns = 0;  // for tables alone

predict::Totals totals_of(const std::vector<std::vector<Row>>& rows) {
  predict::Totals totals;
  totals.files = rows.size();
  for (const auto& of_file : rows) {
    for (const Row& row : of_file) {
      if (row.status == predict::Status::error) ++totals.errors;
      if (row.class_index >= 0) ++totals.cells;
      if (row.status == predict::Status::unidentified) ++totals.unidentified;
    }
  }
  return totals;
}

std::string_view type_of(OutputFormat format) {
  switch (format) {
    case OutputFormat::csv: return "text/csv; charset=utf-8";
    case OutputFormat::jsonl: return "application/x-ndjson";
    default: return "application/json";
  }
}

Result<OutputFormat> format_of(const Request& request) {
  const std::string format = request.parameter("format").value_or("");
  if (format == "csv") return OutputFormat::csv;
  if (format == "jsonl") return OutputFormat::jsonl;
  if (format == "json") return OutputFormat::json;
  if (!format.empty()) {
    return fail(ErrorCode::usage, fmt::format("a format `{}`", format), {},
                "choose json, jsonl or csv");
  }
  const std::string_view accept = request.header("accept");
  if (accept.find("application/x-ndjson") != std::string_view::npos) return OutputFormat::jsonl;
  if (accept.find("text/csv") != std::string_view::npos) return OutputFormat::csv;
  return OutputFormat::json;
}

// The answer to one request while its pictures are being classified, in any order, by any thread.
class Prediction {
 public:
  Prediction(std::shared_ptr<const Request> request, std::shared_ptr<Reply> reply,
             std::shared_ptr<const ActiveModel> model, OutputFormat format, std::size_t files)
      : request_(std::move(request)),
        reply_(std::move(reply)),
        model_(std::move(model)),
        format_(format),
        rows_(files),
        left_(files) {}

  void done(std::size_t file, std::vector<Row> rows) {
    const std::lock_guard lock(mutex_);
    if (format_ == OutputFormat::jsonl) stream(rows);
    rows_[file] = std::move(rows);
    if (--left_ > 0) return;
    if (format_ == OutputFormat::jsonl) {
      reply_->end();
    } else {
      send();
    }
  }
  [[nodiscard]] bool is_wanted() const { return reply_->is_wanted(); }

 private:
  [[nodiscard]] Response head() const {
    Response response;
    response.type = type_of(format_);
    response.headers.emplace_back("Bloodcell-Model", model_->name);
    return response;
  }
  [[nodiscard]] const std::vector<std::string>& labels() const {
    return model_->predictor.labels();
  }

  void stream(const std::vector<Row>& rows) {
    std::ostringstream text;
    const auto writer = predict::make_writer(format_, text, labels(), kNoColumns, false);
    for (const Row& row : rows) writer->row(row);
    if (!std::exchange(has_begun_, true)) reply_->begin(head());
    reply_->write(std::move(text).str());
  }

  void send() {
    std::ostringstream text;
    const auto writer = predict::make_writer(format_, text, labels(), kNoColumns, false);
    for (const auto& rows : rows_) {
      for (const Row& row : rows) writer->row(row);
    }
    writer->end(totals_of(rows_));
    Response response = head();
    response.body = std::move(text).str();
    reply_->send(std::move(response));
  }

  const std::shared_ptr<const Request> request_;
  const std::shared_ptr<Reply> reply_;
  const std::shared_ptr<const ActiveModel> model_;
  const OutputFormat format_;
  std::mutex mutex_;
  std::vector<std::vector<Row>> rows_;  // guarded by mutex_
  std::size_t left_;                    // guarded by mutex_
  bool has_begun_ = false;              // guarded by mutex_
};

void predict_pictures(const Services& services, const std::shared_ptr<const Request>& request,
                      const std::shared_ptr<Reply>& reply) {
  const auto format = format_of(*request);
  if (!format) return reply->send(problem(format.error(), request->id));
  const auto sent = pictures_of(*request, services.options.max_files);
  if (!sent) return reply->send(problem(sent.error(), request->id));
  const auto model = services.models.active();
  const auto prediction =
      std::make_shared<Prediction>(request, reply, model, *format, sent->size());
  std::vector<Picture> pictures;
  for (std::size_t i = 0; i < sent->size(); ++i) {
    pictures.push_back(
        {(*sent)[i].name, (*sent)[i].bytes, request, model,
         [prediction] { return prediction->is_wanted(); },
         [prediction, i](std::vector<Row> rows) { prediction->done(i, std::move(rows)); }});
  }
  if (services.batcher.offer(std::move(pictures))) return;
  services.counters.refused("queue");
  reply->send(busy("too many pictures are waiting", request->id));
}

Result<Response> render(const Services& services, const Request& request) {
  BC_ASSIGN(const auto sent, pictures_of(request, 1));
  BC_ASSIGN(const auto picture,
            image::decode(std::as_bytes(std::span(sent.front().bytes)), services.context.limits));
  BC_ASSIGN(const Bytes png, image::encode_png(picture));
  return Response{200, "image/png", {reinterpret_cast<const char*>(png.data()), png.size()}, {}};
}

}  // namespace

void add_predict_routes(Router& router, const Services& services) {
  const Parameter name{"name", "what to call a picture sent as the body", {{"type", "string"}}};
  router.add({.method = "POST",
              .pattern = "/api/v1/predict",
              .id = "predict",
              .tag = "predict",
              .summary = "Classify the cells of pictures: form fields named `file`, or one as the "
                         "body. JSON Lines come as each picture is ready, the others whole",
              .query = {{"format",
                         "instead of what Accept says",
                         {{"type", "string"}, {"enum", {"json", "jsonl", "csv"}}}},
                        name},
              .takes = form_or_picture(true),
              .gives = {{"application/json", schema_of("Predictions")},
                        {"application/x-ndjson", schema_of("Row")},
                        {"text/csv", {{"type", "string"}}}},
              .max_body_bytes = services.options.max_body_bytes,
              .talk = [&services](auto request, auto reply) {
                predict_pictures(services, request, reply);
              }});
  router.add({.method = "POST",
              .pattern = "/api/v1/render",
              .id = "render",
              .tag = "predict",
              .summary = "A picture of any kind we read, as PNG: for those a browser cannot show",
              .query = {name},
              .takes = picture_content(),
              .gives = {{"image/png", bytes_schema()}},
              .max_body_bytes = services.options.max_body_bytes,
              .answer = [&services](const Request& request) { return render(services, request); }});
}

}  // namespace bloodcell::serve
