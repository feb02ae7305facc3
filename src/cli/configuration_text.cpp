#include <cmath>
#include <cstdlib>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <configuration.hpp>
#include <option_value.hpp>

namespace bloodcell::cli {

namespace {

std::string toml_string(std::string_view text) {
  std::string result = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      result += '\\';
      result += c;
    } else if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) {
      result += fmt::format("\\u{:04X}", static_cast<unsigned>(static_cast<unsigned char>(c)));
    } else {
      result += c;
    }
  }
  return result + '"';
}

// CLI11 reads `0x10`, `+5` and `.5`; TOML has its own spelling of each.
std::string whole_number(const std::string& text) {
  char* end = nullptr;
  errno = 0;
  const long long value = std::strtoll(text.c_str(), &end, 0);
  return errno == 0 && *end == '\0' && !text.empty() ? std::to_string(value) : toml_string(text);
}

std::string number(const std::string& text) {
  char* end = nullptr;
  const double value = std::strtod(text.c_str(), &end);
  const bool plain = *end == '\0' && !text.empty() && std::isfinite(value);
  return plain ? fmt::format("{}", value) : toml_string(text);
}

std::string scalar(const std::string& text, ValueKind kind) {
  switch (kind) {
    case ValueKind::whole_number: return whole_number(text);
    case ValueKind::number: return number(text);
    default: return toml_string(text);
  }
}

std::vector<std::string> texts_of(const CLI::Option& option, bool several) {
  if (option.count() > 0) return option.results();
  std::string usual = option.get_default_str();
  if (usual.empty()) return {};
  if (!several || usual.front() != '[') return {usual};
  usual = usual.substr(1, usual.size() - 2);
  return usual.empty() ? std::vector<std::string>{} : CLI::detail::split(usual, ',');
}

}  // namespace

std::string toml_value(const CLI::Option& option) {
  const OptionValue value = value_of(option);
  if (value.kind == ValueKind::flag) {
    return option.count() > 0 && option.results().back() != "false" ? "true" : "false";
  }
  const auto texts = texts_of(option, value.several);
  if (texts.empty()) return {};
  if (!value.several) {
    return texts.back().empty() ? std::string() : scalar(texts.back(), value.kind);
  }
  std::vector<std::string> scalars;
  for (const auto& text : texts) scalars.push_back(scalar(text, value.kind));
  return fmt::format("[{}]", fmt::join(scalars, ", "));
}

std::string TomlConfiguration::to_config(const CLI::App* chosen, bool /*default_also*/,
                                         bool /*write_description*/, std::string /*prefix*/) const {
  const auto lines_of = [](CLI::App& app) {
    std::string lines;
    for (const auto* option : configurable_options(app)) {
      const std::string value = toml_value(*option);
      if (!value.empty()) lines += fmt::format("{} = {}\n", key_of(*option), value);
    }
    return lines;
  };
  std::string table;
  CLI::App* verb = &root_;
  while (verb != chosen) {
    verb = verb->get_subcommands().front();
    table += (table.empty() ? "" : ".") + verb->get_name();
  }
  std::string text = lines_of(root_);
  if (verb != &root_) text += fmt::format("\n[{}]\n{}", table, lines_of(*verb));
  return text;
}

}  // namespace bloodcell::cli
