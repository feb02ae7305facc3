#include "fields.hpp"

#include <algorithm>

namespace bloodcell::model_file {

using nlohmann::json;

tl::unexpected<Error> bad_field(const std::string& field, const std::string& why) {
  return fail(ErrorCode::malformed, fmt::format("field {} of the model's metadata {}", field, why),
              "", "make the file again with bloodcell export");
}

Result<void> check_text(const char* field, const std::string& value) {
  constexpr std::size_t kLongestText = 100;
  if (value.empty() || value.size() > kLongestText) {
    return bad_field(field, fmt::format("holds {} bytes, not 1 to {}", value.size(), kLongestText));
  }
  const bool plain = std::none_of(value.begin(), value.end(), [](char c) {
    return static_cast<unsigned char>(c) < 0x20 || c == 0x7f;
  });
  if (!plain) return bad_field(field, "holds a control character");
  return {};
}

Result<std::string> text_field(const json& from, const char* field) {
  const auto found = from.find(field);
  if (found == from.end() || !found->is_string()) return bad_field(field, "is not text");
  auto value = found->get<std::string>();
  BC_CHECK(check_text(field, value));
  return value;
}

Result<double> number_field(const json& from, const char* field, double low, double high) {
  const auto found = from.find(field);
  if (found == from.end() || !found->is_number()) return bad_field(field, "is not a number");
  const double value = found->get<double>();
  if (!(value >= low && value <= high)) {
    return bad_field(field, fmt::format("is {}, not in {} to {}", value, low, high));
  }
  return value;
}

Result<std::uint64_t> count_field(const json& from, const char* field, double most) {
  const auto found = from.find(field);
  if (found == from.end() || !found->is_number_unsigned() || found->get<double>() > most) {
    return bad_field(field, fmt::format("is not a whole number up to {}", most));
  }
  return found->get<std::uint64_t>();
}

}  // namespace bloodcell::model_file
