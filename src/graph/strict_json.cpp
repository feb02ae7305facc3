#include <bloodcell/graph/strict_json.hpp>

#include <set>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

namespace bloodcell::graph {

using nlohmann::json;

namespace {

constexpr std::size_t kMostValues = 2'000'000;  // about 64 bytes of memory each

// Sees what a plain parse would swallow, and stops keeping values at the first fault. nlohmann's
// parser keeps its own stack, so depth costs memory and not the program's stack.
class Watch {
 public:
  explicit Watch(int deepest) : deepest_(deepest) {}

  bool keeps(int depth, json::parse_event_t event, const json& value) {
    using Event = json::parse_event_t;
    if (!error_.empty()) return false;
    if (event == Event::object_start) names_.emplace_back();
    if (event == Event::object_end) names_.pop_back();
    if (event == Event::key && !names_.back().insert(value.get<std::string>()).second) {
      error_ = fmt::format("the name '{}' stands twice in one object", value.get<std::string>());
    } else if ((event == Event::object_start || event == Event::array_start) && depth >= deepest_) {
      error_ = fmt::format("it is nested deeper than {}", deepest_);
    } else if (++events_ > kMostValues) {
      error_ = fmt::format("it holds more than {} values", kMostValues);
    }
    return error_.empty();
  }

  [[nodiscard]] const std::string& error() const { return error_; }

 private:
  int deepest_;
  std::size_t events_ = 0;
  std::vector<std::set<std::string>> names_;  // of the objects that are open
  std::string error_;
};

}  // namespace

Result<json> parse_strict_json(std::string_view text, int deepest) {
  Watch watch(deepest);
  const auto callback = [&watch](int depth, json::parse_event_t event, json& value) {
    return watch.keeps(depth, event, value);
  };
  json parsed = json::parse(text, callback, /*allow_exceptions=*/false);
  if (!watch.error().empty()) return fail(ErrorCode::malformed, watch.error());
  if (parsed.is_discarded()) return fail(ErrorCode::malformed, "it is not JSON");
  return parsed;
}

}  // namespace bloodcell::graph
