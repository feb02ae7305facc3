// Any bytes as a request: refused, or taken apart into parts that lie within what was sent.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include <boost/asio/buffer.hpp>

#include <bloodcell/serve/http.hpp>
#include <bloodcell/serve/multipart.hpp>

#include <message.hpp>

namespace {

using namespace bloodcell;

constexpr std::size_t kMostParts = 8;

void require(bool holds) {
  if (!holds) std::abort();
}

void check_parts(std::string_view type, std::string_view body) {
  const auto parts = serve::parse_multipart(type, body, kMostParts);
  if (!parts) return;
  require(parts->size() <= kMostParts);
  for (const serve::Part& part : *parts) {
    require(part.content.empty() ||
            (part.content.data() >= body.data() &&
             part.content.data() + part.content.size() <= body.data() + body.size()));
    require(part.filename.find_first_of("/\\") == std::string::npos);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  check_parts("multipart/form-data; boundary=cut", bytes);
  serve::Options options;
  options.max_body_bytes = 4096;
  serve::Parser parser;
  serve::limit(parser, options);
  parser.eager(true);
  boost::beast::error_code error;
  parser.put(boost::asio::buffer(bytes.data(), bytes.size()), error);
  if (error) (void)serve::refusal_of(error, "id");
  if (!parser.is_header_done()) return 0;
  serve::Request request;
  if (!serve::take_head(parser, request)) return 0;
  require(request.path.starts_with('/'));
  require(parser.get().body().size() <= options.max_body_bytes);
  check_parts(request.header("content-type"), parser.get().body());
  return 0;
}
