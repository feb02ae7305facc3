// The page: files of web/ that the build put into the program.
#include <array>

#include <assets.hpp>

#include "groups.hpp"

namespace bloodcell::serve {

namespace {

void send_asset(const Request& request, Reply& reply, const Asset& asset) {
  Response response;
  response.type = asset.type;
  response.headers = {
      {"ETag", std::string(asset.tag)}, {"Cache-Control", "no-cache"}, {"Vary", "Accept-Encoding"}};
  if (request.header("if-none-match") == asset.tag) {
    response.status = 304;
    return reply.send(std::move(response));
  }
  const bool takes_gzip = request.header("accept-encoding").find("gzip") != std::string_view::npos;
  if (takes_gzip && !asset.gzip.empty()) {
    response.headers.emplace_back("Content-Encoding", "gzip");
    response.body = asset.gzip;
  } else {
    response.body = asset.content;
  }
  reply.send(std::move(response));
}

}  // namespace

void add_page_routes(Router& router) {
  for (const Asset& asset : assets()) {
    router.add(
        {.method = "GET",
         .pattern = asset.path == "/index.html" ? "/" : std::string(asset.path),
         .id = "page",
         .tag = "page",
         .summary = "a file of the page",
         .is_open = true,
         .is_documented = false,
         .talk = [&asset](auto request, auto reply) { send_asset(*request, *reply, asset); }});
  }
  router.add({.method = "GET",
              .pattern = "/api/v1/samples",
              .id = "listSamples",
              .tag = "page",
              .summary = "Addresses of the sample pictures",
              .gives = {{"application/json", schema_of("Samples")}},
              .is_open = true,
              .talk = [](auto, auto reply) {
                auto list = nlohmann::ordered_json::array();
                for (const Asset& asset : assets()) {
                  if (asset.path.starts_with("/samples/")) list.push_back(asset.path);
                }
                reply->send(json_response({{"samples", list}}));
              }});
}

}  // namespace bloodcell::serve
