// What a file is told to be, from its first bytes, and what is refused by its header alone.
#include <bloodcell/image/decode.hpp>
#include <bloodcell/test/support.hpp>

#include <bloodcell/test/made_files.hpp>

namespace bloodcell::image {
namespace {

using std::string_literals::operator""s;

std::string message_for(const std::string& content, ErrorCode code) {
  const auto header = read_header(as_bytes_of(content), Limits{});
  if (header) return "no error";
  EXPECT_EQ(name_of(header.error().code), name_of(code)) << to_text(header.error());
  const auto decoded = decode(as_bytes_of(content), Limits{});
  EXPECT_FALSE(decoded.has_value());
  return header.error().message;
}

TEST(Format, IsKnownFromTheContent) {
  const Image image = made::smooth(24, 16);
  const std::vector<std::pair<Bytes, Format>> files{
      {made::jpeg(image), Format::jpeg},
      {made::png_header(24, 16), Format::png},
      {made::bmp(image), Format::bmp},
      {made::webp(image), Format::webp},
      {made::tiff(24, 16, made::samples_of(image), {}), Format::tiff}};
  for (const auto& [file, format] : files) {
    const auto header = read_header(file, Limits{});
    ASSERT_OK(header);
    EXPECT_EQ(name_of(header->format), name_of(format));
    EXPECT_EQ(header->width_px, 24);
    EXPECT_EQ(header->height_px, 16);
    EXPECT_EQ(header->orientation, 1);
  }
}

TEST(Format, PicturesWeDoNotReadAreCalledByName) {
  const auto unsupported = [](const std::string& content) {
    return message_for(content, ErrorCode::unsupported);
  };
  EXPECT_EQ(unsupported("GIF89a\1\0\1\0"s), "a GIF picture, which we do not read");
  EXPECT_EQ(unsupported("%PDF-1.7\n"), "a PDF document, which we do not read");
  EXPECT_EQ(unsupported("\0\0\0\x18"s
                        "ftypheic\0\0\0\0"s),
            "a HEIC picture, which we do not read");
  EXPECT_EQ(unsupported("\0\0\0\x18"s
                        "ftyphevc\0\0\0\0"s),
            "a HEIC picture, which we do not read");
  EXPECT_EQ(unsupported("\0\0\0\x1C"s
                        "ftypavif\0\0\0\0"s),
            "an AVIF picture, which we do not read");
  EXPECT_EQ(unsupported("\0\0\0\x20"s
                        "ftypisom\0\0\0\0"s),
            "a film, which we do not read");
  EXPECT_EQ(unsupported("PK\3\4...."), "a ZIP archive, which we do not read");
  EXPECT_EQ(unsupported("8BPS\0\1"s), "a Photoshop file, which we do not read");
  EXPECT_EQ(unsupported("\x1F\x8B\x08"), "a gzip archive, which we do not read");
  EXPECT_EQ(unsupported("\xFF\x0A\x01"), "a JPEG XL picture, which we do not read");
  EXPECT_EQ(unsupported("\0\0\0\x0CjP  \r\n"s), "a JPEG 2000 picture, which we do not read");
  EXPECT_EQ(unsupported("<svg xmlns='x'/>"), "an SVG drawing, which we do not read");
  EXPECT_EQ(unsupported("<?xml version='1.0'?>\n<!-- x -->\n<svg/>"),
            "an SVG drawing, which we do not read");
}

TEST(Format, WhatIsNoPictureIsSaid) {
  const auto malformed = [](const std::string& content) {
    return message_for(content, ErrorCode::malformed);
  };
  EXPECT_EQ(malformed(""), "an empty file");
  EXPECT_EQ(malformed("file,class\n1.png,neutrophil\n"), "text, not a picture");
  EXPECT_EQ(malformed("<!doctype html>"), "text, not a picture");
  EXPECT_EQ(malformed("Zelle mit Körnchen"), "text, not a picture");
  EXPECT_EQ(malformed("BMW stands at the beginning of this text"), "text, not a picture");
  EXPECT_EQ(malformed("\x7F"s
                      "ELF\2\1\1"),
            "not a picture of a kind we know");
  EXPECT_EQ(malformed("\xFF\xFE\xFD\xFC"), "not a picture of a kind we know");
}

TEST(Format, TheFirstLettersOfAPictureAreACutPicture) {
  const std::string early = "ends early: the picture is not whole";
  for (const std::string& start : {"\xFF"s, "\xFF\xD8"s, "\x89"s, "\x89PNG\r\n"s, "II*"s, "MM\0"s,
                                   "BM"s, "BM\x46\0\0\0"s, "RIFF"s, "RIFF\x10\0\0\0WEB"s}) {
    EXPECT_EQ(message_for(start, ErrorCode::malformed), early) << start;
  }
}

TEST(Format, EveryFormatKeepsTheLimits) {
  const Image image = made::smooth(24, 16);
  for (const auto& [name, file] : made::one_of_each()) {
    const auto header = read_header(file, Limits{});
    ASSERT_OK(header);
    const auto pixels = static_cast<std::uint64_t>(header->width_px * header->height_px);
    const int longest = std::max(header->width_px, header->height_px);
    Limits limits;
    limits.max_pixels = pixels;
    limits.max_side_px = longest;
    EXPECT_OK(decode(file, limits)) << name;
    limits.max_pixels = pixels - 1;
    EXPECT_ERROR(decode(file, limits), ErrorCode::limit_exceeded);
    EXPECT_ERROR(read_header(file, limits), ErrorCode::limit_exceeded);
    limits.max_pixels = pixels;
    limits.max_side_px = longest - 1;
    EXPECT_ERROR(decode(file, limits), ErrorCode::limit_exceeded);
  }
}

TEST(DecodeFile, AFileOverTheLimitIsNotRead) {
  const test::TemporaryFolder folder;
  const Bytes file = made::bmp(made::patterned(6, 4));
  ASSERT_OK(write_file(folder / "cell.bmp", file));
  Limits limits;
  limits.max_file_bytes = file.size() - 1;
  EXPECT_ERROR(decode_file(folder / "cell.bmp", limits), ErrorCode::limit_exceeded);
}

}  // namespace
}  // namespace bloodcell::image
