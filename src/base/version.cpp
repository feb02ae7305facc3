#include <bloodcell/base/version.hpp>

namespace bloodcell {

std::string_view version() { return BLOODCELL_VERSION; }

}  // namespace bloodcell
