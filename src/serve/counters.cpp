#include <bloodcell/serve/counters.hpp>

#include <fmt/format.h>

namespace bloodcell::serve {

namespace {

// A label's value: backslash, quote and line break are escaped.
std::string quoted(std::string_view value) {
  std::string text = "\"";
  for (const char c : value) {
    if (c == '\n') {
      text += "\\n";
      continue;
    }
    if (c == '"' || c == '\\') text += '\\';
    text += c;
  }
  return text + '"';
}

void head(std::string& text, std::string_view name, std::string_view kind, std::string_view what) {
  text += fmt::format("# HELP {0} {1}\n# TYPE {0} {2}\n", name, what, kind);
}

void count(std::map<std::string, std::uint64_t, std::less<>>& tally, std::string_view name) {
  const auto found = tally.find(name);
  if (found == tally.end()) {
    tally.emplace(name, 1);
  } else {
    ++found->second;
  }
}

}  // namespace

void Counters::request(std::string_view route, int status, double seconds, std::uint64_t bytes_in,
                       std::uint64_t bytes_out) {
  const std::lock_guard lock(mutex_);
  ++requests_[{std::string(route), status}];
  Times& times = times_[std::string(route)];
  for (std::size_t b = 0; b < kBounds.size(); ++b) {
    if (seconds <= kBounds[b]) {
      ++times.within[b];
      break;
    }
  }
  ++times.count;
  times.seconds += seconds;
  bytes_in_ += bytes_in;
  bytes_out_ += bytes_out;
}

void Counters::refused(std::string_view why) {
  const std::lock_guard lock(mutex_);
  count(refused_, why);
}

void Counters::picture(std::string_view status) {
  const std::lock_guard lock(mutex_);
  count(pictures_, status);
}

void Counters::cell(std::string_view label) {
  const std::lock_guard lock(mutex_);
  count(cells_, label);
}

void Counters::gauge(std::string name, std::string what, std::function<double()> read) {
  const std::lock_guard lock(mutex_);
  gauges_[std::move(name)] = {std::move(what), std::move(read)};
}

std::string Counters::text() const {
  const std::lock_guard lock(mutex_);
  std::string text;
  head(text, "bloodcell_requests_total", "counter", "Answered requests.");
  for (const auto& [key, n] : requests_) {
    text += fmt::format("bloodcell_requests_total{{route={},status=\"{}\"}} {}\n",
                        quoted(key.first), key.second, n);
  }
  head(text, "bloodcell_request_seconds", "histogram", "From the first byte to the last.");
  for (const auto& [route, times] : times_) {
    std::uint64_t so_far = 0;
    for (std::size_t b = 0; b < kBounds.size(); ++b) {
      so_far += times.within[b];
      text += fmt::format("bloodcell_request_seconds_bucket{{route={},le=\"{}\"}} {}\n",
                          quoted(route), kBounds[b], so_far);
    }
    text += fmt::format("bloodcell_request_seconds_bucket{{route={},le=\"+Inf\"}} {}\n",
                        quoted(route), times.count);
    text += fmt::format("bloodcell_request_seconds_sum{{route={}}} {:.6f}\n", quoted(route),
                        times.seconds);
    text +=
        fmt::format("bloodcell_request_seconds_count{{route={}}} {}\n", quoted(route), times.count);
  }
  const auto tally = [&](std::string_view name, std::string_view what, std::string_view label,
                         const Tally& counts) {
    head(text, name, "counter", what);
    for (const auto& [value, n] : counts) {
      text += fmt::format("{}{{{}={}}} {}\n", name, label, quoted(value), n);
    }
  };
  tally("bloodcell_refused_total", "Turned away to stay within limits.", "why", refused_);
  tally("bloodcell_pictures_total", "Pictures by how reading them ended.", "status", pictures_);
  tally("bloodcell_cells_total", "Cells by the class they were given.", "class", cells_);
  head(text, "bloodcell_received_bytes_total", "counter", "Bodies of requests.");
  text += fmt::format("bloodcell_received_bytes_total {}\n", bytes_in_);
  head(text, "bloodcell_sent_bytes_total", "counter", "Bodies of answers.");
  text += fmt::format("bloodcell_sent_bytes_total {}\n", bytes_out_);
  for (const auto& [name, gauge] : gauges_) {
    head(text, name, "gauge", gauge.what);
    text += fmt::format("{} {}\n", name, gauge.read());
  }
  return text;
}

}  // namespace bloodcell::serve
