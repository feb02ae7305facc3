// A patient's differential count as a page to read and as a PDF to print.
#pragma once

#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include <bloodcell/base/files.hpp>
#include <bloodcell/base/result.hpp>
#include <bloodcell/differential/differential.hpp>
#include <bloodcell/image/image.hpp>

namespace bloodcell::report {

struct GalleryCell {
  std::string heading;  // class, or `unidentified`
  std::string caption;  // file, confidence or the reason
  image::Image picture;
};

struct CountedPatient {
  std::string name;   // what the count is called, as the user names it
  std::string model;  // that named the cells
  std::string ranges_source;
  differential::Differential count;
  std::vector<GalleryCell> gallery;  // those of one heading stand together
};

// Errors: as image::encode_jpeg.
[[nodiscard]] Result<std::string> page_of(const CountedPatient& patient);

// The same on A4 pages, with the fonts that every PDF reader has: letters beyond Western European
// ones become `?`. The same count gives the same bytes. Errors: as image::encode_jpeg, internal.
[[nodiscard]] Result<Bytes> pdf_of(const CountedPatient& patient);

[[nodiscard]] nlohmann::ordered_json to_json(const CountedPatient& patient);

// On every page, table and file of a count.
inline constexpr std::string_view kResearchUse =
    "For research use only. Not a medical device: no figure here may decide on a patient.";

}  // namespace bloodcell::report
