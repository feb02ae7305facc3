// POST /api/v1/explain: where the model sees what it says of a cell, and which known cells are
// alike.
#include <algorithm>
#include <charconv>

#include <bloodcell/base/base64.hpp>
#include <bloodcell/explain/output.hpp>
#include <bloodcell/image/decode.hpp>
#include <bloodcell/image/encode.hpp>

#include <pictures.hpp>
#include <slots.hpp>

#include "groups.hpp"
#include "picture_content.hpp"

namespace bloodcell::serve {

namespace {

using nlohmann::json;
using nlohmann::ordered_json;

constexpr std::size_t kMostCells = 64;  // of one picture, in one answer

Result<explain::Ask> ask_of(const Request& request) {
  explain::Ask ask;
  ask.most_cells = kMostCells;
  ask.of_class = request.parameter("class").value_or("");
  const auto method = request.parameter("method").value_or("auto");
  ask.method = explain::method_named(method);
  if (!ask.method && method != "auto") {
    return fail(ErrorCode::usage, fmt::format("a method `{}`", method), {},
                "choose auto, cam, occlusion or rise");
  }
  const auto cell = request.parameter("cell");
  if (!cell) return ask;
  int number = -1;
  const auto [end, error] = std::from_chars(cell->data(), cell->data() + cell->size(), number);
  if (error != std::errc() || end != cell->data() + cell->size() || number < 0) {
    return fail(ErrorCode::usage, fmt::format("a cell `{}`", *cell), {},
                "give its number, from 0, as predict tells it");
  }
  ask.cell = number;
  return ask;
}

Result<std::string> png_of(const image::Image& picture) {
  BC_ASSIGN(const Bytes png, image::encode_png(picture));
  return std::string(reinterpret_cast<const char*>(png.data()), png.size());
}

Result<ordered_json> cell_json(const explain::ExplainedCell& cell,
                               const explain::Explainer& explainer) {
  auto document = explain::to_json(cell, explainer);
  BC_ASSIGN(const Bytes seen, image::encode_png(cell.frame));
  document["seen"] = base64(seen);
  if (explainer.neighbours() == nullptr) return document;
  const auto& known = explainer.neighbours()->index().cells;
  for (std::size_t i = 0; i < cell.near.size(); ++i) {
    document["neighbours"][i]["thumbnail"] = base64(known[cell.near[i].cell].thumbnail);
  }
  return document;
}

Result<Response> sheet(const std::vector<explain::ExplainedCell>& cells,
                       const explain::Explainer& explainer, const Limits& limits) {
  if (cells.size() != 1) {
    return fail(ErrorCode::usage, fmt::format("a sheet shows one cell, not {}", cells.size()), {},
                "name one of them with ?cell=");
  }
  BC_ASSIGN(const auto drawn, explain::sheet_of(cells.front(), explainer, limits));
  BC_ASSIGN(auto png, png_of(drawn));
  return Response{200, "image/png", std::move(png), {}};
}

Result<Response> explain_picture(const Services& services, Slots& slots, const Request& request) {
  BC_ASSIGN(auto ask, ask_of(request));
  BC_ASSIGN(const auto sent, pictures_of(request, 1));
  if (services.explainers == nullptr) {
    return fail(ErrorCode::not_found, "this server explains nothing");
  }
  const auto held = slots.take();
  if (!held) return fail(ErrorCode::cancelled, "other cells are being explained", {}, "ask again");
  const auto& limits = services.context.limits;
  BC_ASSIGN(const auto picture,
            image::decode(std::as_bytes(std::span(sent.front().bytes)), limits));
  const auto name = services.models.active()->name;
  BC_ASSIGN(const auto explainer, services.explainers->of(*services.models.find(name)));
  const auto& labels = explainer->labels();
  if (!ask.of_class.empty() &&
      std::find(labels.begin(), labels.end(), ask.of_class) == labels.end()) {
    return fail(ErrorCode::not_found, fmt::format("the model has no class `{}`", ask.of_class), {},
                "see /api/v1/models for those it has");
  }
  const auto method = ask.method.value_or(explainer->method());
  if (method != explain::Method::cam) ask.most_cells = 1;  // it takes hundreds of looks at each
  BC_ASSIGN(const auto cells, explainer->explain(picture, sent.front().name, ask));
  if (request.header("accept").starts_with("image/png")) return sheet(cells, *explainer, limits);
  auto told = ordered_json::array();
  for (const auto& cell : cells) {
    BC_ASSIGN(auto one, cell_json(cell, *explainer));
    told.push_back(std::move(one));
  }
  auto response = json_response({{"model", name},
                                 {"method", explain::name_of(method)},
                                 {"meaning", explain::meaning_of(method)},
                                 {"cells", std::move(told)}});
  response.headers.emplace_back("Bloodcell-Model", name);
  return response;
}

}  // namespace

void add_explain_routes(Router& router, const Services& services) {
  // One place less than there are workers, so that what is quick does not wait for what is slow.
  const auto places = std::max(1, static_cast<int>(services.context.pool.size()) - 1);
  router.add(
      {.method = "POST",
       .pattern = "/api/v1/explain",
       .id = "explain",
       .tag = "predict",
       .summary = "Where the model sees evidence in the cells of a picture, and the known cells "
                  "that are alike; with `Accept: image/png` a sheet of one cell",
       .query = {{"cell",
                  "its number, from 0, as predict tells it; occlusion and rise explain one cell",
                  {{"type", "integer"}, {"minimum", 0}, {"maximum", 1'000'000}}},
                 {"class",
                  "whose evidence; without it that of the class which is named",
                  {{"type", "string"}}},
                 {"method",
                  "auto: cam where the network has it, else rise",
                  {{"type", "string"}, {"enum", {"auto", "cam", "occlusion", "rise"}}}},
                 {"name", "what to call a picture sent as the body", {{"type", "string"}}}},
       .takes = form_or_picture(false),
       .gives = {{"application/json", schema_of("Explanations")}, {"image/png", bytes_schema()}},
       .max_body_bytes = services.options.max_body_bytes,
       .answer = [&services, slots = std::make_shared<Slots>(places)](const Request& request) {
         return explain_picture(services, *slots, request);
       }});
}

}  // namespace bloodcell::serve
