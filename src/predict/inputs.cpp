#include <bloodcell/predict/inputs.hpp>

#include <fnmatch.h>
#include <glob.h>

#include <algorithm>
#include <set>
#include <string>

#include <bloodcell/base/files.hpp>
#include <bloodcell/image/decode.hpp>
#include <bloodcell/slide/slide.hpp>

namespace bloodcell::predict {

namespace fs = std::filesystem;

namespace {

bool has_wildcard(const std::string& name) {
  return name.find_first_of("*?[") != std::string::npos;
}

std::vector<fs::path> expand_glob(const std::string& pattern) {
  glob_t found{};
  std::vector<fs::path> paths;
  if (::glob(pattern.c_str(), GLOB_TILDE, nullptr, &found) == 0) {
    paths.assign(found.gl_pathv, found.gl_pathv + found.gl_pathc);
  }
  ::globfree(&found);
  return paths;
}

bool is_picture_name(const fs::path& file) {
  return image::has_image_name(file) || slide::has_slide_name(file);
}

class Finder {
 public:
  explicit Finder(const Context& context) : limits_(context.limits) {}

  Result<void> add(const std::string& name) {
    std::error_code ignored;
    if (const auto stars = name.find("**");
        stars != std::string::npos && !fs::exists(name, ignored)) {
      return add_deep(name, stars);
    }
    if (has_wildcard(name) && !fs::exists(name, ignored)) {
      const auto paths = expand_glob(name);
      if (paths.empty()) return nothing_matches(name);
      for (const auto& path : paths) BC_CHECK(add_path(path));
      return {};
    }
    return add_path(name);
  }

  Result<void> add_list(std::istream& list) {
    for (std::string line; std::getline(list, line);) {
      if (line.ends_with('\r')) line.pop_back();
      if (!line.empty()) BC_CHECK(add_path(line));
    }
    return {};
  }

  Inputs take() { return std::move(inputs_); }

 private:
  Result<void> nothing_matches(const std::string& name) {
    inputs_.problems.push_back(
        {ErrorCode::not_found, "nothing has such a name", name, "check the name"});
    return {};
  }

  // `folder/**/pattern`: every file below the folder whose name fits the pattern.
  Result<void> add_deep(const std::string& name, std::size_t stars) {
    const fs::path folder = stars == 0 ? fs::path(".") : fs::path(name.substr(0, stars));
    std::string pattern = name.substr(stars + 2);
    pattern.erase(0, pattern.find_first_not_of('/'));
    auto walked = walk_folder(folder, limits_);
    if (!walked) return nothing_matches(name);
    const std::size_t before = inputs_.files.size();
    for (const auto& file : walked->files) {
      const bool fits = pattern.empty()
                            ? is_picture_name(file)
                            : ::fnmatch(pattern.c_str(), file.filename().c_str(), 0) == 0;
      if (fits) BC_CHECK(add_file(file));
    }
    if (inputs_.files.size() == before) return nothing_matches(name);
    return {};
  }

  Result<void> add_path(const fs::path& path) {
    std::error_code error;
    if (!fs::is_directory(path, error)) return add_file(path);
    auto walked = walk_folder(path, limits_);
    if (!walked) {
      if (walked.error().code == ErrorCode::limit_exceeded) {
        return tl::unexpected(std::move(walked).error());
      }
      inputs_.problems.push_back(std::move(walked).error());
      return {};
    }
    for (auto& problem : walked->problems) inputs_.problems.push_back(std::move(problem));
    for (const auto& file : walked->files) {
      if (is_picture_name(file)) BC_CHECK(add_file(file));
    }
    return {};
  }

  Result<void> add_file(const fs::path& path) {
    if (!seen_.insert(path.lexically_normal().string()).second) return {};
    if (inputs_.files.size() >= limits_.max_files) {
      return fail(ErrorCode::limit_exceeded, fmt::format("more than {} files", limits_.max_files),
                  "", "raise --max-files, or name fewer");
    }
    inputs_.files.push_back(path);
    return {};
  }

  const Limits& limits_;
  Inputs inputs_;
  std::set<std::string> seen_;
};

}  // namespace

Result<Inputs> find_inputs(const Context& context, std::span<const std::string> names,
                           std::istream& list) {
  Finder finder(context);
  for (const auto& name : names) {
    if (name == "-") {
      BC_CHECK(finder.add_list(list));
    } else {
      BC_CHECK(finder.add(name));
    }
  }
  return finder.take();
}

Turn next_turn(const Context& context, std::span<const fs::path> files, std::size_t most) {
  files = files.first(std::min(most, files.size()));
  std::vector<char> is_slide(files.size());
  context.pool.for_each(files.size(), [&](std::size_t i) {
    is_slide[i] = slide::is_slide(files[i], context.limits) ? 1 : 0;
  });
  if (!files.empty() && is_slide.front() == 1) return {files.first(1), true};
  const auto slide = std::find(is_slide.begin(), is_slide.end(), 1) - is_slide.begin();
  return {files.first(static_cast<std::size_t>(slide)), false};
}

}  // namespace bloodcell::predict
