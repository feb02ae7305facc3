// /api/v1/cases: reviews of patients' cells, kept in the folder of `serve --review`.
#include <charconv>

#include <bloodcell/base/names.hpp>
#include <bloodcell/image/decode.hpp>
#include <bloodcell/image/encode.hpp>
#include <bloodcell/review/training_set.hpp>
#include <bloodcell/serve/problem.hpp>

#include <pictures.hpp>
#include <slots.hpp>

#include "picture_content.hpp"
#include "review_json.hpp"
#include "text_schema.hpp"

namespace bloodcell::serve {

namespace {

using nlohmann::json;
using nlohmann::ordered_json;

constexpr std::size_t kLongestName = 100;
constexpr std::size_t kLongestReason = 1000;
constexpr std::size_t kLongestFileName = 255;
constexpr std::size_t kMostListed = 200;

Result<review::Store*> store_of(const Services& services) {
  if (services.reviews != nullptr) return services.reviews;
  return fail(ErrorCode::not_found, "this server keeps no reviews", {},
              "start it with --review FOLDER");
}

const std::string& key_of(const Request& request) { return request.captured.at("case"); }

Result<std::int64_t> number_in(std::string_view text, std::string_view what) {
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error == std::errc() && end == text.data() + text.size()) return number;
  return fail(ErrorCode::not_found, fmt::format("there is no {} of this number", what));
}

Result<std::optional<std::int64_t>> revision_in(const json& body, bool is_needed) {
  const auto found = body.find("revision");
  if (found == body.end() && !is_needed) return std::nullopt;
  if (found == body.end() || !found->is_number_integer()) {
    return fail(ErrorCode::malformed, "`revision` must be a whole number");
  }
  return found->get<std::int64_t>();
}

// What a change answers with: the case as it left it, its counts and the cell that was changed.
Result<Response> state_of(const Services& services, const review::Case& of,
                          const review::Cell* changed = nullptr) {
  ordered_json document{{"case", to_json(of.summary)}};
  if (changed != nullptr) document["cell"] = to_json(*changed, of.summary.labels);
  BC_ASSIGN(document["differential"], counts_of(of, services.count));
  return json_response(document);
}

Result<Response> list_cases(const Services& services, const Request& request) {
  BC_ASSIGN(const auto* store, store_of(services));
  BC_ASSIGN(const auto cases, store->list(request.parameter("before").value_or(""), kMostListed));
  auto list = ordered_json::array();
  for (const auto& one : cases) list.push_back(to_json(one));
  return json_response({{"cases", list}});
}

Result<Response> create(const Services& services, const Request& request) {
  BC_ASSIGN(auto* store, store_of(services));
  BC_ASSIGN(const auto body, json_body(request));
  BC_ASSIGN(const auto name, text_field(body, "name", kLongestName));
  BC_ASSIGN(const auto by, text_field(body, "by", kLongestName));
  const auto model = services.models.active();
  BC_ASSIGN(const auto made, store->create(name, model->predictor.labels(), by));
  return json_response(to_json(made), 201);
}

Result<Response> show(const Services& services, const Request& request) {
  BC_ASSIGN(const auto* store, store_of(services));
  BC_ASSIGN(const auto of, store->read(key_of(request)));
  auto pictures = ordered_json::array();
  for (const auto& picture : of.pictures) pictures.push_back(to_json(picture));
  auto cells = ordered_json::array();
  for (const auto& cell : of.cells) cells.push_back(to_json(cell, of.summary.labels));
  BC_ASSIGN(auto counts, counts_of(of, services.count));
  return json_response({{"case", to_json(of.summary)},
                        {"pictures", pictures},
                        {"cells", cells},
                        {"differential", counts}});
}

Result<Response> decide(const Services& services, const Request& request) {
  BC_ASSIGN(auto* store, store_of(services));
  BC_ASSIGN(const auto body, json_body(request));
  BC_ASSIGN(const auto name, text_field(body, "class", kLongestName));
  BC_ASSIGN(const auto by, text_field(body, "by", kLongestName));
  BC_ASSIGN(const auto revision, revision_in(body, false));
  const auto cell = body.find("cell");
  if (cell == body.end() || !cell->is_number_integer()) {
    return fail(ErrorCode::malformed, "`cell` must be a whole number");
  }
  BC_ASSIGN(const auto changed,
            store->decide(key_of(request), cell->get<std::int64_t>(), name, by, revision));
  return state_of(services, changed.of, &changed.cell);
}

Result<Response> undo(const Services& services, const Request& request) {
  BC_ASSIGN(auto* store, store_of(services));
  BC_ASSIGN(const auto body, json_body(request));
  BC_ASSIGN(const auto by, text_field(body, "by", kLongestName));
  BC_ASSIGN(const auto revision, revision_in(body, false));
  BC_ASSIGN(const auto changed, store->undo(key_of(request), by, revision));
  return state_of(services, changed.of, &changed.cell);
}

Result<Response> sign(const Services& services, const Request& request) {
  BC_ASSIGN(auto* store, store_of(services));
  BC_ASSIGN(const auto body, json_body(request));
  BC_ASSIGN(const auto by, text_field(body, "by", kLongestName));
  BC_ASSIGN(const auto revision, revision_in(body, true));
  BC_ASSIGN(const auto is_now, store->sign(key_of(request), by, *revision));
  return state_of(services, is_now);
}

Result<Response> reopen(const Services& services, const Request& request) {
  BC_ASSIGN(auto* store, store_of(services));
  BC_ASSIGN(const auto body, json_body(request));
  BC_ASSIGN(const auto by, text_field(body, "by", kLongestName));
  BC_ASSIGN(const auto reason, text_field(body, "reason", kLongestReason));
  BC_ASSIGN(const auto is_now, store->reopen(key_of(request), by, reason));
  return state_of(services, is_now);
}

Result<Response> trail(const Services& services, const Request& request) {
  BC_ASSIGN(const auto* store, store_of(services));
  const auto check = request.parameter("check").value_or("case");
  if (check != "case" && check != "all") {
    return fail(ErrorCode::usage, fmt::format("`check={}`", check), {}, "choose case or all");
  }
  BC_ASSIGN(const auto looked, store->look_at_trail(key_of(request), check == "all"));
  auto list = ordered_json::array();
  for (const auto& entry : looked.entries) list.push_back(to_json(entry));
  return json_response({{"entries", list},
                        {"is_whole", looked.verdict.is_whole},
                        {"fault", looked.verdict.fault},
                        {"head", looked.verdict.head},
                        {"all_checked_at", looked.all_checked_at}});
}

Result<Response> send_picture(const Services& services, const Request& request) {
  BC_ASSIGN(const auto* store, store_of(services));
  BC_ASSIGN(const auto id, number_in(request.captured.at("picture"), "picture"));
  BC_ASSIGN(auto bytes, store->bytes_of(key_of(request), id));
  BC_ASSIGN(const auto header, image::read_header(bytes, services.context.limits));
  std::string type = fmt::format("image/{}", name_of(header.format));
  if (header.format == image::Format::tiff) {  // no browser shows it
    BC_ASSIGN(const auto picture, image::decode(bytes, services.context.limits));
    BC_ASSIGN(bytes, image::encode_png(picture));
    type = "image/png";
  }
  return Response{200,
                  type,
                  {reinterpret_cast<const char*>(bytes.data()), bytes.size()},
                  {{"Cache-Control", "private, max-age=3600"}}};
}

Result<Response> remove_pictures(const Services& services, const Request& request) {
  BC_ASSIGN(auto* store, store_of(services));
  BC_ASSIGN(const auto is_now,
            store->remove_pictures(key_of(request), request.parameter("by").value_or("")));
  return state_of(services, is_now);
}

// One at a time: an archive is in memory until it is sent.
Result<Response> export_set(const Services& services, Slots& slots, const Request& request) {
  BC_ASSIGN(auto* store, store_of(services));
  BC_ASSIGN(const auto body, json_body(request));
  BC_ASSIGN(const auto by, text_field(body, "by", kLongestName));
  BC_ASSIGN(const auto cells, text_field(body, "cells", kLongestName));
  if (cells != "corrected" && cells != "all") {
    return fail(ErrorCode::malformed, "`cells` must be `corrected` or `all`");
  }
  const auto held = slots.take();
  if (!held) return fail(ErrorCode::cancelled, "another case is being exported", {}, "ask again");
  BC_ASSIGN(const auto of, store->read(key_of(request)));
  const auto taken = cells == "all" ? review::Taken::all : review::Taken::corrected;
  BC_ASSIGN(auto archive, review::archive_of(*store, of, taken));
  BC_CHECK(store->note_export(key_of(request), by, cells));
  return Response{200,
                  "application/zip",
                  std::move(archive),
                  {{"Content-Disposition",
                    fmt::format("attachment; filename=\"case-{}.zip\"", of.summary.key)}}};
}

// Pictures of one request on their way through the queue into the case.
class Adding {
 public:
  Adding(const Services& services, std::shared_ptr<const Request> request,
         std::shared_ptr<Reply> reply, std::shared_ptr<const ActiveModel> model, std::string by,
         std::size_t files)
      : services_(services),
        request_(std::move(request)),
        reply_(std::move(reply)),
        model_(std::move(model)),
        by_(std::move(by)),
        told_(files),
        left_(files) {}

  void done(std::size_t file, const SentPicture& sent, const std::vector<predict::Row>& rows) {
    const auto added = add(sent, rows);
    const std::lock_guard lock(mutex_);
    ordered_json one{{"file", sent.name}, {"is_added", added.has_value()}};
    if (added) {
      one["picture"] = to_json(*added);
      has_added_ = true;
    } else {
      one["message"] = added.error().message;
      if (!first_error_) first_error_ = added.error();
    }
    told_[file] = std::move(one);
    if (--left_ == 0) answer();
  }
  [[nodiscard]] bool is_wanted() const { return reply_->is_wanted(); }

 private:
  Result<review::Picture> add(const SentPicture& sent, const std::vector<predict::Row>& rows) {
    if (rows.size() == 1 && rows[0].status == predict::Status::error) {
      return fail(ErrorCode::malformed, rows[0].message);
    }
    const auto bytes = std::as_bytes(std::span(sent.bytes));
    BC_ASSIGN(const auto header, image::read_header(bytes, services_.context.limits));
    review::NewPicture picture{sent.name,    std::string(name_of(header.format)), sent.bytes,
                               model_->name, model_->predictor.labels(),          {}};
    for (const auto& row : rows) {
      if (row.class_index >= 0) picture.cells.push_back(cell_of(row));
    }
    return services_.reviews->add(key_of(*request_), picture, by_);
  }

  [[nodiscard]] review::Cell cell_of(const predict::Row& row) const {
    review::Cell cell;
    cell.number = row.cell;
    cell.box = row.box;
    cell.guess = model_->predictor.labels()[static_cast<std::size_t>(row.class_index)];
    cell.said = row.status == predict::Status::ok ? cell.guess : std::string(review::kUnidentified);
    cell.confidence = row.confidence;
    cell.message = row.message;
    cell.probabilities = row.probabilities;
    return cell;
  }

  void answer() {
    if (!has_added_) return reply_->send(problem(*first_error_, request_->id));
    const auto of = services_.reviews->read(key_of(*request_));
    if (!of) return reply_->send(problem(of.error(), request_->id));
    auto state = state_of(services_, *of);
    if (!state) return reply_->send(problem(state.error(), request_->id));
    auto document = ordered_json::parse(state->body);
    document["files"] = told_;
    reply_->send(json_response(document));
  }

  const Services services_;  // its own: the queue may finish after the router is gone
  const std::shared_ptr<const Request> request_;
  const std::shared_ptr<Reply> reply_;
  const std::shared_ptr<const ActiveModel> model_;
  const std::string by_;
  std::mutex mutex_;
  std::vector<ordered_json> told_;  // guarded by mutex_, as all below
  std::size_t left_;
  bool has_added_ = false;
  std::optional<Error> first_error_;
};

void add_pictures(const Services& services, const std::shared_ptr<const Request>& request,
                  const std::shared_ptr<Reply>& reply) {
  if (const auto store = store_of(services); !store) {
    return reply->send(problem(store.error(), request->id));
  }
  auto sent = pictures_of(*request, services.options.max_files);
  if (!sent) return reply->send(problem(sent.error(), request->id));
  for (std::size_t i = 0; i < sent->size(); ++i) {
    auto& name = (*sent)[i].name;
    if (name.size() > kLongestFileName || !is_clean_name(name)) {
      name = fmt::format("picture-{}", i + 1);
    }
  }
  const auto model = services.models.active();
  const auto adding = std::make_shared<Adding>(services, request, reply, model,
                                               request->parameter("by").value_or(""), sent->size());
  std::vector<Picture> pictures;
  for (std::size_t i = 0; i < sent->size(); ++i) {
    const SentPicture one = (*sent)[i];
    pictures.push_back(
        {one.name, one.bytes, request, model, [adding] { return adding->is_wanted(); },
         [adding, i, one](const std::vector<predict::Row>& rows) { adding->done(i, one, rows); }});
  }
  if (services.batcher.offer(std::move(pictures))) return;
  services.counters.refused("queue");
  reply->send(busy("too many pictures are waiting", request->id));
}

json body_of(json properties) {
  auto required = json::array();
  for (const auto& [name, schema] : properties.items()) {
    if (name != "revision") required.push_back(name);
  }
  return {{"type", "object"}, {"properties", std::move(properties)}, {"required", required}};
}

}  // namespace

void add_review_routes(Router& router, const Services& services) {
  const json by = text_schema(kLongestName);
  // As large as a number is exact in JavaScript.
  const json whole{{"type", "integer"}, {"minimum", 0}, {"maximum", (std::int64_t{1} << 53) - 1}};
  const Parameter by_query{"by", "who does this", by, true};
  const std::vector<Content> state{{"application/json", schema_of("CaseState")}};
  using Do = std::function<Result<Response>(const Services&, const Request&)>;
  const auto add = [&](Route route, const Do& work) {
    route.tag = "cases";
    route.answer = [&services, work](const Request& request) { return work(services, request); };
    router.add(std::move(route));
  };
  const auto takes = [](json properties) {
    return std::vector<Content>{{"application/json", body_of(std::move(properties))}};
  };
  add({.method = "GET",
       .pattern = "/api/v1/cases",
       .id = "listCases",
       .summary = "The cases, the latest first, 200 at a time",
       .query = {{"before", "those made before this case", {{"type", "string"}}}},
       .gives = {{"application/json", schema_of("Cases")}}},
      list_cases);
  add({.method = "POST",
       .pattern = "/api/v1/cases",
       .id = "createCase",
       .summary = "Begin a case with the classes of the model that answers now",
       .takes = takes({{"name", text_schema(kLongestName)}, {"by", by}}),
       .gives = {{"application/json", schema_of("Case")}},
       .status = 201},
      create);
  add({.method = "GET",
       .pattern = "/api/v1/cases/{case}",
       .id = "getCase",
       .summary = "A case with its pictures, cells and counts before and after review",
       .gives = {{"application/json", schema_of("WholeCase")}}},
      show);
  add({.method = "POST",
       .pattern = "/api/v1/cases/{case}/decisions",
       .id = "decide",
       .summary = "Call a cell by a label of the case, `unidentified` or `no_cell`",
       .takes = takes({{"cell", whole}, {"class", by}, {"by", by}, {"revision", whole}}),
       .gives = state},
      decide);
  add({.method = "POST",
       .pattern = "/api/v1/cases/{case}/undo",
       .id = "undo",
       .summary = "Take back the last decision that stands",
       .takes = takes({{"by", by}, {"revision", whole}}),
       .gives = state},
      undo);
  auto signature = takes({{"by", by}, {"revision", whole}});
  signature[0].schema["required"] = {"by", "revision"};
  add({.method = "POST",
       .pattern = "/api/v1/cases/{case}/signature",
       .id = "signCase",
       .summary = "Sign the case as it was at `revision`; from then on it does not change",
       .takes = signature,
       .gives = state},
      sign);
  add({.method = "POST",
       .pattern = "/api/v1/cases/{case}/reopening",
       .id = "reopenCase",
       .summary = "Open a signed case again; that and why is recorded",
       .takes = takes({{"by", by}, {"reason", text_schema(kLongestReason)}}),
       .gives = state},
      reopen);
  add({.method = "GET",
       .pattern = "/api/v1/cases/{case}/trail",
       .id = "getTrail",
       .summary = "All that was done to the case, and whether the trail is unbroken",
       .query =
           {{"check",
             "case: it and what is new since the last look; all: every case, which takes longer",
             {{"type", "string"}, {"enum", {"case", "all"}}}}},
       .gives = {{"application/json", schema_of("Trail")}}},
      trail);
  add({.method = "POST",
       .pattern = "/api/v1/cases/{case}/exports",
       .id = "exportCase",
       .summary = "A signed case as a training set: manifest.csv and its pictures",
       .takes =
           takes({{"by", by}, {"cells", {{"type", "string"}, {"enum", {"corrected", "all"}}}}}),
       .gives = {{"application/zip", bytes_schema()}}},
      [slots = std::make_shared<Slots>(1)](const Services& of, const Request& request) {
        return export_set(of, *slots, request);
      });
  add({.method = "GET",
       .pattern = "/api/v1/cases/{case}/pictures/{picture}",
       .id = "getPicture",
       .summary = "A picture of the case; TIFF comes as PNG",
       .gives = {{"image/*", bytes_schema()}}},
      send_picture);
  add({.method = "DELETE",
       .pattern = "/api/v1/cases/{case}/pictures",
       .id = "removePictures",
       .summary = "Remove the pictures; cells, decisions and the trail stay",
       .query = {by_query},
       .gives = state},
      remove_pictures);
  router.add(
      {.method = "POST",
       .pattern = "/api/v1/cases/{case}/pictures",
       .id = "addPictures",
       .tag = "cases",
       .summary = "Classify the cells of pictures and keep both in the case",
       .query = {by_query, {"name", "of a picture sent as the body", {{"type", "string"}}}},
       .takes = form_or_picture(true),
       .gives = state,
       .max_body_bytes = services.options.max_body_bytes,
       .talk = [&services](auto request, auto reply) { add_pictures(services, request, reply); }});
}

}  // namespace bloodcell::serve
