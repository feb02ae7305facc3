#include <array>
#include <cctype>
#include <string>
#include <string_view>

#include <bloodcell/data/dataset.hpp>

namespace bloodcell::data {

namespace {

struct Synonym {
  std::string_view published;
  std::string_view canonical;
};

constexpr std::array kSynonyms{
    Synonym{"neutrophil", "neutrophil"},   Synonym{"eosinophil", "eosinophil"},
    Synonym{"basophil", "basophil"},       Synonym{"lymphocyte", "lymphocyte"},
    Synonym{"monocyte", "monocyte"},       Synonym{"ig", "ig"},
    Synonym{"immature_granulocyte", "ig"}, Synonym{"erythroblast", "erythroblast"},
    Synonym{"platelet", "platelet"},
};

}  // namespace

std::string canonical_label(std::string_view name) {
  while (!name.empty() && std::isspace(static_cast<unsigned char>(name.front()))) {
    name.remove_prefix(1);
  }
  while (!name.empty() && std::isspace(static_cast<unsigned char>(name.back()))) {
    name.remove_suffix(1);
  }
  std::string plain(name);
  for (char& c : plain) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    if (c == ' ' || c == '-') c = '_';
  }
  std::string_view singular = plain;
  if (singular.ends_with('s')) singular.remove_suffix(1);
  for (const auto& synonym : kSynonyms) {
    if (plain == synonym.published || singular == synonym.published) {
      return std::string(synonym.canonical);
    }
  }
  return plain;
}

}  // namespace bloodcell::data
