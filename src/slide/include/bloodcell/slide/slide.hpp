// A scanned slide, by OpenSlide. Its library is loaded when the first file needs it, for it brings
// two dozen others with it; without it a file that is a slide gives an error that says what to
// install. Coordinates are pixels of level 0, the finest.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>

#include <bloodcell/base/limits.hpp>
#include <bloodcell/base/result.hpp>
#include <bloodcell/image/image.hpp>

namespace bloodcell::slide {

// By content, not by name (but for MIRAX, whose index file is a JPEG). A TIFF that nobody's scanner
// wrote is a slide when it holds smaller copies of itself or more than limits.max_pixels; else it
// is a picture. Thread-safe.
[[nodiscard]] bool is_slide(const std::filesystem::path& path, const Limits& limits);

// True for a name that ends like those of scanners (.svs .ndpi .mrxs …; TIFF has its own). Only for
// choosing among the files of a folder.
[[nodiscard]] bool has_slide_name(const std::filesystem::path& path);

// read() and overview() may be called from several threads at once.
class Slide {
 public:
  // Errors: unsupported (no OpenSlide, or a file that it does not know), malformed,
  // limit_exceeded (more than max_pixels at level 0).
  [[nodiscard]] static Result<Slide> open(const std::filesystem::path& path,
                                          std::uint64_t max_pixels);
  Slide(Slide&&) noexcept;
  Slide& operator=(Slide&&) noexcept;
  ~Slide();

  [[nodiscard]] int width_px() const;
  [[nodiscard]] int height_px() const;
  [[nodiscard]] const std::string& vendor() const;

  // The side of a pixel in micrometres: what the scanner wrote, or a TIFF's resolution where it is
  // one that a microscope can have (0.02 … 2 µm).
  [[nodiscard]] std::optional<double> um_per_px() const;

  // Places that were not scanned, or lie beyond the slide, are white. Errors: malformed (the file
  // is damaged; every later call fails too), limit_exceeded (no memory for so large a box).
  [[nodiscard]] Result<image::Image> read(const image::Box& box) const;

  // The whole slide with no side longer than `longest_px`. Errors as read().
  [[nodiscard]] Result<image::Image> overview(int longest_px) const;

 private:
  struct Impl;
  explicit Slide(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace bloodcell::slide
