// Small things about the text of headers and addresses.
#pragma once

#include <string>
#include <string_view>

namespace bloodcell::serve {

[[nodiscard]] std::string lower(std::string_view text);  // ASCII
[[nodiscard]] std::string_view trimmed(std::string_view text);
[[nodiscard]] bool is_control(char c);
[[nodiscard]] bool is_utf8(std::string_view text);

// Takes as long for a wrong text as for the right one.
[[nodiscard]] bool is_same_secret(std::string_view given, std::string_view secret);

}  // namespace bloodcell::serve
