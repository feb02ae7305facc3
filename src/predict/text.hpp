// Text for people: widths in columns of a terminal, nothing that a terminal would act on.
#pragma once

#include <string>
#include <string_view>

namespace bloodcell::predict {

// Control characters and bytes that are no UTF-8 become `?`.
[[nodiscard]] std::string printable(std::string_view text);

// Characters (code points) of valid UTF-8.
[[nodiscard]] std::size_t columns_of(std::string_view text);

// At most `columns` characters: the middle gives way to `…`.
[[nodiscard]] std::string shortened(std::string_view text, std::size_t columns);

[[nodiscard]] std::string padded(std::string text, std::size_t columns);
[[nodiscard]] std::string padded_left(std::string text, std::size_t columns);

// share in [0, 1] as a bar of `columns` characters, in eighths.
[[nodiscard]] std::string bar(double share, std::size_t columns);

}  // namespace bloodcell::predict
