// The JSON that Optuna keeps beside each value: {"name": kind, "attributes": {…}}.
#include <nlohmann/json.hpp>

#include <bloodcell/tune/distribution.hpp>

namespace bloodcell::tune {
namespace {

using Json = nlohmann::ordered_json;

Json json_of(const Value& value) {
  return std::visit(
      [](const auto& held) {
        if constexpr (std::is_same_v<std::decay_t<decltype(held)>, std::monostate>) {
          return Json(nullptr);
        } else {
          return Json(held);
        }
      },
      value);
}

tl::unexpected<Error> malformed(std::string_view what) {
  return fail(ErrorCode::malformed, fmt::format("a hyperparameter's range: {}", what));
}

Result<Value> value_of(const Json& json) {
  if (json.is_null()) return Value{};
  if (json.is_boolean()) return Value{json.get<bool>()};
  if (json.is_number_integer()) {
    if (json.is_number_unsigned() && json.get<std::uint64_t>() > INT64_MAX)
      return malformed("an integer beyond 64 bits");
    return Value{json.get<std::int64_t>()};
  }
  if (json.is_number_float()) return Value{json.get<double>()};
  if (json.is_string()) return Value{json.get<std::string>()};
  return malformed("a choice that is neither a text, a number, a truth nor null");
}

// One attribute of a range; `fallback` where an older Optuna left it out.
template <class T>
T attribute(const Json& attributes, const char* name, T fallback) {
  const auto found = attributes.find(name);
  if (found == attributes.end() || found->is_null()) return fallback;
  return found->template get<T>();
}

Result<Distribution> float_from(const Json& attributes, bool log) {
  FloatRange range{attributes.at("low").get<double>(), attributes.at("high").get<double>(),
                   attribute(attributes, "log", log), std::nullopt};
  for (const char* name : {"step", "q"}) {
    const double step = attribute(attributes, name, 0.0);
    if (step != 0) range.step = step;
  }
  return checked(range);
}

Result<Distribution> int_from(const Json& attributes, bool log) {
  return checked(
      IntRange{attributes.at("low").get<std::int64_t>(), attributes.at("high").get<std::int64_t>(),
               attribute(attributes, "log", log), attribute(attributes, "step", std::int64_t{1})});
}

Result<Distribution> categories_from(const Json& attributes) {
  Categories categories;
  for (const auto& choice : attributes.at("choices")) {
    BC_ASSIGN(Value value, value_of(choice));
    categories.choices.push_back(std::move(value));
  }
  return checked(std::move(categories));
}

Result<Distribution> distribution_of(const Json& json) {
  const auto name = json.at("name").get<std::string>();
  const Json& attributes = json.at("attributes");
  if (name == "FloatDistribution" || name == "UniformDistribution" ||
      name == "DiscreteUniformDistribution")
    return float_from(attributes, false);
  if (name == "LogUniformDistribution") return float_from(attributes, true);
  if (name == "IntDistribution" || name == "IntUniformDistribution")
    return int_from(attributes, false);
  if (name == "IntLogUniformDistribution") return int_from(attributes, true);
  if (name == "CategoricalDistribution") return categories_from(attributes);
  return malformed(fmt::format("its kind {} is not known here", name));
}

}  // namespace

std::string to_json(const Distribution& distribution) {
  Json json;
  if (const auto* range = std::get_if<FloatRange>(&distribution)) {
    json = {{"name", "FloatDistribution"},
            {"attributes",
             {{"step", range->step ? Json(*range->step) : Json(nullptr)},
              {"low", range->low},
              {"high", range->high},
              {"log", range->log}}}};
  } else if (const auto* integers = std::get_if<IntRange>(&distribution)) {
    json = {{"name", "IntDistribution"},
            {"attributes",
             {{"log", integers->log},
              {"step", integers->step},
              {"low", integers->low},
              {"high", integers->high}}}};
  } else {
    Json choices = Json::array();
    for (const auto& choice : std::get<Categories>(distribution).choices)
      choices.push_back(json_of(choice));
    json["name"] = "CategoricalDistribution";
    json["attributes"]["choices"] = std::move(choices);
  }
  return json.dump(-1, ' ', true, Json::error_handler_t::replace);
}

Result<Distribution> distribution_from_json(std::string_view text) {
  const Json json = Json::parse(text, nullptr, false);
  if (json.is_discarded()) return malformed("no JSON");
  try {
    auto distribution = distribution_of(json);
    if (!distribution && distribution.error().code == ErrorCode::usage)
      distribution.error().code = ErrorCode::malformed;
    return distribution;
  } catch (const Json::exception& error) {
    return malformed(error.what());
  }
}

std::string value_to_json(const Value& value) {
  return json_of(value).dump(-1, ' ', true, Json::error_handler_t::replace);
}

Result<Value> value_from_json(std::string_view text) {
  const Json json = Json::parse(text, nullptr, false);
  if (json.is_discarded()) return malformed("no JSON");
  return value_of(json);
}

}  // namespace bloodcell::tune
