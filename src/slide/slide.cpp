#include <bloodcell/slide/slide.hpp>

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <cmath>
#include <cstring>
#include <fstream>
#include <limits>
#include <new>
#include <string_view>
#include <utility>
#include <vector>

#include <bloodcell/image/geometry.hpp>

#include "library.hpp"

namespace bloodcell::slide {

namespace fs = std::filesystem;

namespace {

std::string lower_extension(const fs::path& path) {
  std::string extension = path.extension().string();
  std::transform(extension.begin(), extension.end(), extension.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return extension;
}

}  // namespace

bool has_slide_name(const fs::path& path) {
  static constexpr std::array<std::string_view, 10> kEndings{
      ".svs", ".ndpi", ".mrxs", ".scn", ".bif", ".svslide", ".vms", ".vmu", ".czi", ".dcm"};
  return std::find(kEndings.begin(), kEndings.end(), lower_extension(path)) != kEndings.end();
}

#ifdef BLOODCELL_SLIDES

namespace {

constexpr double kFinest_um = 0.02;
constexpr double kCoarsest_um = 2;

struct Closer {
  const Library* library;
  void operator()(openslide_t* slide) const { library->close(slide); }
};
using Handle = std::unique_ptr<openslide_t, Closer>;

// The pictures that image::decode reads and no scanner writes.
bool is_plain_picture(const fs::path& path) {
  using namespace std::string_view_literals;
  std::array<char, 12> head{};
  std::ifstream file(path, std::ios::binary);
  file.read(head.data(), head.size());
  const std::string_view begins(head.data(), static_cast<std::size_t>(file.gcount()));
  if (begins.starts_with("\xFF\xD8\xFF")) return lower_extension(path) != ".mrxs";
  return begins.empty() || begins.starts_with("\x89PNG"sv) || begins.starts_with("BM"sv) ||
         (begins.starts_with("RIFF"sv) && begins.ends_with("WEBP"sv));
}

std::optional<double> number(const char* text) {
  if (text == nullptr) return std::nullopt;
  const std::string_view digits(text);
  double value = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (error != std::errc() || end != digits.data() + digits.size()) return std::nullopt;
  if (!(std::isfinite(value) && value > 0)) return std::nullopt;
  return value;
}

std::optional<double> mean_side(std::optional<double> x, std::optional<double> y) {
  if (!x || !y) return std::nullopt;
  const double side = std::sqrt(*x * *y);
  return side >= kFinest_um && side <= kCoarsest_um ? std::optional(side) : std::nullopt;
}

std::optional<double> find_um_per_px(const Library& library, openslide_t* slide) {
  const auto property = [&](const char* name) { return library.property_value(slide, name); };
  if (const auto said = mean_side(number(property(OPENSLIDE_PROPERTY_NAME_MPP_X)),
                                  number(property(OPENSLIDE_PROPERTY_NAME_MPP_Y)))) {
    return said;
  }
  const char* unit = property("tiff.ResolutionUnit");
  auto x = number(property("tiff.XResolution"));
  auto y = number(property("tiff.YResolution"));
  if (unit == nullptr || !x || !y) return std::nullopt;
  const double unit_um = std::string_view(unit) == "centimeter" ? 1e4
                         : std::string_view(unit) == "inch"     ? 25400
                                                                : 0;
  return mean_side(unit_um / *x, unit_um / *y);
}

// Premultiplied ARGB in the machine's order, laid over white.
void over_white(const std::uint32_t* argb, std::size_t pixels, std::uint8_t* rgb) {
  for (std::size_t i = 0; i < pixels; ++i) {
    const std::uint32_t pixel = argb[i];
    const std::uint32_t white = 255 - (pixel >> 24U);
    for (std::uint32_t c = 0; c < 3; ++c) {
      const std::uint32_t value = ((pixel >> (16U - 8U * c)) & 0xFFU) + white;
      rgb[3 * i + c] = static_cast<std::uint8_t>(std::min(value, 255U));
    }
  }
}

tl::unexpected<Error> damaged(std::string_view what, const fs::path& path = {}) {
  return fail(ErrorCode::malformed, fmt::format("a damaged slide: {}", what), path.string(),
              "copy it again");
}

}  // namespace

struct Slide::Impl {
  const Library* library = nullptr;
  Handle handle;
  std::string vendor;
  int width_px = 0;
  int height_px = 0;
  std::optional<double> um_per_px;

  // Width and height in pixels of the level, x and y in those of level 0.
  Result<image::Image> read(const image::Box& box, int level) const {
    try {
      image::Image picture(box.width, box.height);
      std::vector<std::uint32_t> argb(picture.rgb.size() / 3);
      library->read_region(handle.get(), argb.data(), box.x, box.y, level, box.width, box.height);
      if (const char* error = library->get_error(handle.get())) return damaged(error);
      over_white(argb.data(), argb.size(), picture.rgb.data());
      return picture;
    } catch (const std::bad_alloc&) {
      return fail(ErrorCode::limit_exceeded,
                  fmt::format("{}x{} pixels of a slide, for which there is not memory enough",
                              box.width, box.height));
    }
  }
};

bool is_slide(const fs::path& path, const Limits& limits) {
  std::error_code error;
  if (!fs::is_regular_file(path, error) || is_plain_picture(path)) return false;
  const auto found = library();
  if (!found) return has_slide_name(path);  // open() then says what is missing
  const Library& openslide = **found;
  const char* vendor = openslide.detect_vendor(path.c_str());
  if (vendor == nullptr) return false;
  if (std::string_view(vendor) != "generic-tiff") return true;
  const Handle handle(openslide.open(path.c_str()), Closer{&openslide});
  if (handle == nullptr || openslide.get_error(handle.get()) != nullptr) return false;
  std::int64_t width = 0;
  std::int64_t height = 0;
  openslide.level_dimensions(handle.get(), 0, &width, &height);
  const auto pixels = static_cast<double>(width) * static_cast<double>(height);
  return openslide.level_count(handle.get()) > 1 || pixels > static_cast<double>(limits.max_pixels);
}

Result<Slide> Slide::open(const fs::path& path, std::uint64_t max_pixels) {
  const auto place = [&](Error error) { return with_path(std::move(error), path.string()); };
  BC_ASSIGN(const Library* openslide, library().map_error(place));
  const char* vendor = openslide->detect_vendor(path.c_str());
  if (vendor == nullptr) {
    return fail(ErrorCode::unsupported, "not a slide of a kind that OpenSlide knows", path.string(),
                "export it as a pyramidal TIFF");
  }
  auto impl = std::make_unique<Impl>();
  impl->library = openslide;
  impl->vendor = vendor;
  impl->handle = Handle(openslide->open(path.c_str()), Closer{openslide});
  if (impl->handle == nullptr) return damaged("cannot be opened", path);
  openslide_t* handle = impl->handle.get();
  if (const char* error = openslide->get_error(handle)) {
    return damaged(error, path);
  }
  std::int64_t width = 0;
  std::int64_t height = 0;
  openslide->level_dimensions(handle, 0, &width, &height);
  if (width < 1 || height < 1) return damaged("no pixels", path);
  constexpr std::int64_t kLongest = std::numeric_limits<int>::max() / 2;
  const bool fits = width <= kLongest && height <= kLongest;
  if (!fits || static_cast<std::uint64_t>(width * height) > max_pixels) {
    return fail(ErrorCode::limit_exceeded,
                fmt::format("a slide of {}x{} pixels, more than the limit of {}", width, height,
                            max_pixels),
                path.string(), "raise --max-slide-pixels if you trust it");
  }
  impl->width_px = static_cast<int>(width);
  impl->height_px = static_cast<int>(height);
  impl->um_per_px = find_um_per_px(*openslide, handle);
  return Slide(std::move(impl));
}

Result<image::Image> Slide::read(const image::Box& box) const { return impl_->read(box, 0); }

Result<image::Image> Slide::overview(int longest_px) const {
  const Library& openslide = *impl_->library;
  openslide_t* handle = impl_->handle.get();
  const double scale =
      std::min(1.0, static_cast<double>(longest_px) / std::max(width_px(), height_px()));
  // The coarsest level that is no smaller than what is asked for.
  const int levels = openslide.level_count(handle);
  int level = 0;
  while (level + 1 < levels && openslide.level_downsample(handle, level + 1) * scale <= 1) ++level;
  std::int64_t width = 0;
  std::int64_t height = 0;
  openslide.level_dimensions(handle, level, &width, &height);
  constexpr std::int64_t kMostPixels = 100'000'000;
  if (width < 1 || height < 1 || width > kMostPixels / height) {
    return fail(ErrorCode::unsupported, "a slide without small copies of itself to draw on");
  }
  BC_ASSIGN(const auto picture,
            impl_->read({0, 0, static_cast<int>(width), static_cast<int>(height)}, level));
  const auto side = [&](int length) {
    return std::max(1, static_cast<int>(std::lround(length * scale)));
  };
  return image::resize(picture, side(width_px()), side(height_px()), image::Interpolation::area);
}

int Slide::width_px() const { return impl_->width_px; }
int Slide::height_px() const { return impl_->height_px; }
const std::string& Slide::vendor() const { return impl_->vendor; }
std::optional<double> Slide::um_per_px() const { return impl_->um_per_px; }

#else

struct Slide::Impl {};

namespace {
tl::unexpected<Error> left_out(const fs::path& path = {}) {
  return fail(ErrorCode::unsupported, "a scanned slide, which this build does not read",
              path.string(), "build with libopenslide-dev and BLOODCELL_SLIDES=ON");
}
}  // namespace

bool is_slide(const fs::path& path, const Limits& /*limits*/) { return has_slide_name(path); }
Result<Slide> Slide::open(const fs::path& path, std::uint64_t /*max_pixels*/) {
  return left_out(path);
}
Result<image::Image> Slide::read(const image::Box& /*box*/) const { return left_out(); }
Result<image::Image> Slide::overview(int /*longest_px*/) const { return left_out(); }
int Slide::width_px() const { return 0; }
int Slide::height_px() const { return 0; }
const std::string& Slide::vendor() const {
  static const std::string kNone;
  return kNone;
}
std::optional<double> Slide::um_per_px() const { return std::nullopt; }

#endif

Slide::Slide(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Slide::Slide(Slide&&) noexcept = default;
Slide& Slide::operator=(Slide&&) noexcept = default;
Slide::~Slide() = default;

}  // namespace bloodcell::slide
