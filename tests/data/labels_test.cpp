#include <bloodcell/data/dataset.hpp>

#include <bloodcell/test/support.hpp>

namespace bloodcell::data {
namespace {

TEST(Labels, SpellingsOfOneClassBecomeOneName) {
  for (const auto* name : {"EOSINOPHIL", "Eosinophils", "eosinophil", " Eosinophil\t"}) {
    EXPECT_EQ(canonical_label(name), "eosinophil") << name;
  }
  EXPECT_EQ(canonical_label("IG"), "ig");
  EXPECT_EQ(canonical_label("Immature Granulocytes"), "ig");
  EXPECT_EQ(canonical_label("PLATELETS"), "platelet");
}

TEST(Labels, UnknownNamesAreLowerCasedAndKept) {
  EXPECT_EQ(canonical_label("Smudge Cells"), "smudge_cells");
  EXPECT_EQ(canonical_label("band-form"), "band_form");
  EXPECT_EQ(canonical_label("blasts"), "blasts");
  EXPECT_EQ(canonical_label("Zelle \xC3\x84"), "zelle_\xC3\x84");
  EXPECT_EQ(canonical_label(""), "");
}

TEST(Labels, ACanonicalNameStaysAsItIs) {
  for (const auto* name : {"neutrophil", "eosinophil", "basophil", "lymphocyte", "monocyte", "ig",
                           "erythroblast", "platelet", "smudge_cells"}) {
    EXPECT_EQ(canonical_label(name), name);
    EXPECT_EQ(canonical_label(canonical_label(name)), name);
  }
}

}  // namespace
}  // namespace bloodcell::data
