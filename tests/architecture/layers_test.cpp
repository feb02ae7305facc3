// The house's law, read from the sources themselves (CMake enforces the same by what a target can
// see).

#include <fstream>
#include <map>
#include <regex>
#include <set>
#include <string>
#include <vector>

#include <bloodcell/test/support.hpp>

namespace bloodcell {
namespace {

namespace fs = std::filesystem;

// docs/architecture.md: each layer with those it may use directly.
const std::map<std::string, std::set<std::string>> kMayUse = {
    {"base", {}},
    {"image", {"base"}},
    {"fetch", {"base"}},
    {"slide", {"base", "image"}},
    {"graph", {"base"}},
    {"metrics", {"base"}},
    {"differential", {"base", "metrics"}},
    {"database", {"base"}},
    {"tune", {"base", "database"}},
    {"review", {"base", "image", "database"}},
    {"data", {"base", "image"}},
    {"model_file", {"base", "image", "graph"}},
    {"infer", {"base", "image", "graph", "model_file"}},
    {"smear", {"base", "image"}},
    {"locate", {"base", "image", "slide", "graph", "model_file", "infer", "smear", "data"}},
    {"nn", {"base", "graph"}},
    {"train", {"base", "image", "graph", "metrics", "data", "model_file", "infer", "nn", "smear"}},
    {"predict",
     {"base", "image", "slide", "graph", "metrics", "data", "model_file", "infer", "smear",
      "locate"}},
    {"explain",
     {"base", "image", "graph", "metrics", "data", "model_file", "infer", "smear", "locate",
      "predict"}},
    {"adapt",
     {"base", "image", "graph", "metrics", "data", "model_file", "infer", "smear", "locate",
      "predict"}},
    {"capi", {"base", "image", "model_file", "predict"}},
    {"report", {"base", "image", "metrics", "data", "differential", "tune"}},
    {"serve",
     {"base", "image", "graph", "metrics", "data", "model_file", "infer", "predict", "explain",
      "report", "smear", "locate", "differential", "review", "tune"}},
    {"cli",
     {"base", "image", "slide", "graph", "metrics", "data", "model_file", "infer", "predict",
      "explain", "adapt", "smear", "locate", "report", "differential", "fetch", "review", "serve"}},
};

// Libraries whose headers only these layers may name; in sources alone unless said so.
const std::map<std::string, std::set<std::string>> kLibraryOwners = {
    {"torch/", {"nn", "train"}},
    {"openvino/", {"infer"}},
    {"onnx/", {"graph", "model_file"}},
    {"google/protobuf", {"graph", "model_file"}},
    {"turbojpeg", {"image"}},
    {"opencv2/", {"image", "data", "smear"}},
    {"CLI/", {"cli"}},
    {"toml++/", {"cli"}},
    {"openssl/", {"base"}},
    {"curl/", {"fetch"}},
    {"openslide/", {"slide"}},
    {"boost/asio", {"serve"}},
    {"boost/beast", {"serve"}},
    {"boost/math/", {"metrics"}},
    {"Eigen/", {"adapt", "predict", "tune"}},
    {"sqlite3.h", {"database"}},
    {"postgresql/", {"database"}},
    {"zip.h", {"data", "fetch", "review"}},
    {"hpdf.h", {"report"}},
};

struct Include {
  fs::path file;
  std::string layer;
  std::string header;
};

std::vector<Include> includes_of_sources() {
  static const std::regex kInclude(R"(^\s*#\s*include\s*[<"]([^>"]+)[>"])");
  const fs::path root = test::source_folder() / "src";
  std::vector<Include> found;
  for (const auto& entry : fs::recursive_directory_iterator(root)) {
    const auto extension = entry.path().extension();
    if (extension != ".cpp" && extension != ".hpp") continue;
    std::ifstream file(entry.path());
    std::smatch match;
    for (std::string line; std::getline(file, line);) {
      if (!std::regex_search(line, match, kInclude)) continue;
      const fs::path relative = fs::relative(entry.path(), root);
      found.push_back({relative, relative.begin()->string(), match[1]});
    }
  }
  return found;
}

std::string layer_of(const std::string& header) {
  if (!header.starts_with("bloodcell/")) return {};
  const auto begin = std::string("bloodcell/").size();
  return header.substr(begin, header.find('/', begin) - begin);
}

TEST(Layers, NoIncludeRunsUpOrSideways) {
  for (const auto& include : includes_of_sources()) {
    const std::string used = layer_of(include.header);
    if (used.empty() || used == include.layer) continue;
    ASSERT_TRUE(kMayUse.contains(include.layer)) << include.layer << " is not in the plan";
    EXPECT_TRUE(kMayUse.at(include.layer).contains(used))
        << include.file << " (" << include.layer << ") includes " << include.header;
  }
}

TEST(Layers, EachLibraryIsNamedOnlyWhereItBelongs) {
  for (const auto& include : includes_of_sources()) {
    for (const auto& [prefix, owners] : kLibraryOwners) {
      if (!include.header.starts_with(prefix)) continue;
      EXPECT_TRUE(owners.contains(include.layer)) << include.file << " includes " << include.header;
    }
  }
}

TEST(Layers, HeavyHeadersStayOutOfPublicHeaders) {
  for (const auto& include : includes_of_sources()) {
    const bool is_public = include.file.string().find("/include/") != std::string::npos;
    const bool is_heavy =
        include.header.starts_with("torch/") || include.header.starts_with("openvino/") ||
        include.header.starts_with("onnx/") || include.header.starts_with("opencv2/") ||
        include.header.starts_with("boost/");
    const bool is_torch_module = include.file.filename() == "module.hpp" && include.layer == "nn";
    EXPECT_FALSE(is_public && is_heavy && !is_torch_module)
        << include.file << " shows " << include.header << " to everyone";
  }
}

TEST(Layers, EveryFolderIsInThePlan) {
  for (const auto& entry : fs::directory_iterator(test::source_folder() / "src")) {
    if (!entry.is_directory()) continue;
    EXPECT_TRUE(kMayUse.contains(entry.path().filename().string())) << entry.path();
  }
}

}  // namespace
}  // namespace bloodcell
