// A published set written to a temporary folder and imported: what the importers' tests share.
#pragma once

#include <string>

#include <bloodcell/data/import.hpp>

#include "small_sets.hpp"

namespace bloodcell::data {

class ImportTest : public ::testing::Test {
 protected:
  // One picture of 100 × 50 pixels.
  ImportTest() {
    write_picture(folder_ / "images/a.png", plain_picture(100, 50, 200));
    options_.manifest = folder_ / "set.csv";
    options_.source = folder_.path();
  }

  void write(const std::string& name, const std::string& text) {
    ASSERT_OK(write_text(folder_ / name, text));
  }

  Result<Imported> import(const std::string& format) {
    options_.format = format;
    OwnContext own;
    return import_set(own.get(), options_);
  }

  std::string manifest() {
    const auto text = read_text(folder_ / "set.csv", 1 << 20);
    return text ? *text : to_text(text.error());
  }

  // Imports, expects a refusal that leaves nothing behind, and returns its whole text.
  std::string refusal(const std::string& format) {
    const auto imported = import(format);
    EXPECT_FALSE(std::filesystem::exists(folder_ / "set.csv"));
    EXPECT_FALSE(std::filesystem::exists(folder_ / "set.csv.json"));
    return imported ? "was imported" : to_text(imported.error());
  }

  test::TemporaryFolder folder_;
  ImportOptions options_;
};

}  // namespace bloodcell::data
