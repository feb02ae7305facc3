#include <configuration.hpp>

#include <algorithm>
#include <utility>

#include <nearest.hpp>
#include <option_value.hpp>

#include <toml++/toml.h>

namespace bloodcell::cli {

namespace {

constexpr std::size_t kMostBytes = 1U << 20;  // of a configuration file

class Reader {
 public:
  Reader(std::string file, const std::vector<std::string>& passed_over,
         std::set<const CLI::Option*>& named)
      : file_(std::move(file)), passed_over_(passed_over), named_(named) {}

  std::vector<CLI::ConfigItem> read(std::istream& stream, CLI::App& root) {
    std::string text(kMostBytes + 1, '\0');
    stream.read(text.data(), static_cast<std::streamsize>(text.size()));
    text.resize(static_cast<std::size_t>(stream.gcount()));
    if (text.size() > kMostBytes) {
      throw ConfigurationError({ErrorCode::limit_exceeded,
                                fmt::format("more than {} bytes", kMostBytes), file_,
                                "name a TOML file of options"});
    }
    try {
      read_table(toml::parse(text), root, {});
    } catch (const toml::parse_error& error) {
      refuse(ErrorCode::malformed, error.source(), std::string(error.description()), "");
    }
    return std::move(items_);
  }

 private:
  void read_table(const toml::table& table, CLI::App& app,
                  const std::vector<std::string>& parents) {
    for (const auto& [key, node] : table) {
      const std::string name(key.str());
      if (const auto* below = node.as_table()) {
        read_verb(name, key.source(), *below, app, parents);
      } else {
        read_option(name, key.source(), node, app, parents);
      }
    }
  }

  void read_verb(const std::string& name, const toml::source_region& place,
                 const toml::table& table, CLI::App& app, std::vector<std::string> parents) {
    if (parents.empty() &&
        std::find(passed_over_.begin(), passed_over_.end(), name) != passed_over_.end()) {
      return;
    }
    const auto verbs = app.get_subcommands([&](CLI::App* v) { return v->get_name() == name; });
    if (verbs.empty()) {
      const auto names = verb_names(app);
      refuse(ErrorCode::usage, place,
             fmt::format("unknown table [{}]: {} has no such verb", name, spoken_name(app)),
             did_you_mean(name, names, "a table holds the options of a verb"));
    }
    parents.push_back(name);
    read_table(table, *verbs.front(), parents);
  }

  void read_option(const std::string& name, const toml::source_region& place,
                   const toml::node& node, CLI::App& app, const std::vector<std::string>& parents) {
    const auto options = configurable_options(app);
    const auto found = std::find_if(options.begin(), options.end(), [&](const CLI::Option* option) {
      return key_of(*option) == name;
    });
    if (found == options.end()) {
      std::vector<std::string> names;
      for (const auto* option : options) names.push_back(key_of(*option));
      refuse(ErrorCode::usage, place,
             fmt::format("unknown key '{}': {} has no such option", name, spoken_name(app)),
             did_you_mean(name, names, fmt::format("see {} --help", spoken_name(app))));
    }
    CLI::ConfigItem item{parents, name, values_of(node, **found, name)};
    for (const auto& input : item.inputs) check_range(**found, input, name, node.source());
    named_.insert(*found);
    if (!item.inputs.empty()) items_.push_back(std::move(item));
  }

  std::vector<std::string> values_of(const toml::node& node, const CLI::Option& option,
                                     const std::string& name) {
    const OptionValue wanted = value_of(option);
    const auto* array = node.as_array();
    // A flag that is off is as one not given: it excludes nothing.
    if (const auto* flag = node.as_boolean();
        flag != nullptr && wanted.kind == ValueKind::flag && !flag->get()) {
      return {};
    }
    if (array == nullptr) return {scalar_of(node, wanted, name)};
    if (!wanted.several) {
      refuse(ErrorCode::usage, node.source(), fmt::format("'{}' takes one value, not a list", name),
             "");
    }
    std::vector<std::string> values;
    for (const auto& element : *array) values.push_back(scalar_of(element, wanted, name));
    return values;
  }

  std::string scalar_of(const toml::node& node, const OptionValue& wanted,
                        const std::string& name) {
    const bool other = wanted.kind == ValueKind::other;
    const bool number = wanted.kind == ValueKind::number || other;
    const bool whole = wanted.kind == ValueKind::whole_number || number;
    const bool text = wanted.kind == ValueKind::text || wanted.kind == ValueKind::path || other;
    if (const auto* value = node.as_boolean(); value && wanted.kind == ValueKind::flag) {
      return value->get() ? "true" : "false";
    }
    if (const auto* value = node.as_integer(); value && whole) return std::to_string(value->get());
    if (const auto* value = node.as_floating_point(); value && number) {
      return fmt::format("{}", value->get());
    }
    if (const auto* value = node.as_string()) {
      if (text || (whole && is_large_number(value->get()))) return value->get();
    }
    refuse(ErrorCode::usage, node.source(),
           fmt::format("'{}' takes {}, not {}", name, spoken(wanted.kind), spoken(node.type())),
           "");
  }

  // TOML's integers end at 2^63 − 1, a seed at 2^64 − 1: the rest may stand in quotes.
  static bool is_large_number(const std::string& text) {
    return text.size() >= 19 &&
           std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
  }

  void check_range(CLI::Option& option, const std::string& input, const std::string& name,
                   const toml::source_region& place) {
    std::string problem;
    try {
      for (int i = 0; problem.empty(); ++i) problem = (*option.get_validator(i))(input);
    } catch (const CLI::OptionNotFound&) {
      return;  // past the last validator
    } catch (const CLI::ParseError& error) {
      problem = error.what();
    }
    refuse(ErrorCode::usage, place, fmt::format("'{}': {}", name, problem), "");
  }

  static std::string_view spoken(ValueKind kind) {
    switch (kind) {
      case ValueKind::flag: return "true or false";
      case ValueKind::whole_number: return "a whole number";
      case ValueKind::number: return "a number";
      case ValueKind::text: return "a string";
      case ValueKind::path: return "a string (a path)";
      case ValueKind::other: return "a string or a number";
    }
    return "another value";
  }

  static std::string_view spoken(toml::node_type type) {
    switch (type) {
      case toml::node_type::string: return "a string";
      case toml::node_type::integer: return "a whole number";
      case toml::node_type::floating_point: return "a number with a fraction";
      case toml::node_type::boolean: return "true or false";
      case toml::node_type::array: return "a list";
      case toml::node_type::table: return "a table";
      default: return "a date or time";
    }
  }

  [[noreturn]] void refuse(ErrorCode code, const toml::source_region& place, std::string message,
                           std::string remedy) const {
    throw ConfigurationError({code, std::move(message),
                              fmt::format("{}:{}:{}", file_, place.begin.line, place.begin.column),
                              std::move(remedy)});
  }

  std::string file_;
  const std::vector<std::string>& passed_over_;
  std::set<const CLI::Option*>& named_;
  std::vector<CLI::ConfigItem> items_;
};

}  // namespace

TomlConfiguration::TomlConfiguration(CLI::App& root, std::vector<std::string> passed_over)
    : root_(root), passed_over_(std::move(passed_over)) {}

std::vector<CLI::ConfigItem> TomlConfiguration::from_config(std::istream& text) const {
  const auto file = root_.get_option("--config")->as<std::string>();
  return Reader(file, passed_over_, named_).read(text, root_);
}

}  // namespace bloodcell::cli
