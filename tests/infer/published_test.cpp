// ImageNet's weights through our graphs and the engine: made inputs and photographs give the
// answers they gave where the weights were published.
#include <bloodcell/graph/published.hpp>

#include <algorithm>

#include <bloodcell/base/csv.hpp>
#include <bloodcell/graph/architectures.hpp>
#include <bloodcell/graph/backbone.hpp>
#include <bloodcell/graph/builder.hpp>
#include <bloodcell/image/decode.hpp>

#include "sessions.hpp"

namespace bloodcell::infer {
namespace {

using graph::ArchitectureInfo;
using graph::Graph;

// The network, or of weights without a classifier the means of its features.
Result<Session> session_of(const graph::PublishedWeights& published,
                           const std::filesystem::path& folder) {
  BC_ASSIGN(const ArchitectureInfo info, graph::find_architecture(published.architecture));
  BC_ASSIGN(Graph graph, info.build({3, info.default_height_px, info.default_width_px}, 1000));
  if (published.file.find("notop") != std::string_view::npos) {
    graph::Builder net(graph::backbone_of(graph));
    net.global_average_pool(graph.features);
    BC_ASSIGN(graph, std::move(net).build());
  }
  BC_ASSIGN(const auto weights, graph::load_published(graph, published, folder, Limits{}));
  return test::session_of(graph, weights);
}

std::size_t strongest(std::span<const float> logits) {
  return static_cast<std::size_t>(std::max_element(logits.begin(), logits.end()) - logits.begin());
}

// x[c][row][column] = scale · sin(0.01 · (row · side + column) + c)
std::vector<float> made_input(int side, float scale) {
  std::vector<float> input;
  for (int c = 0; c < 3; ++c) {
    for (int i = 0; i < side * side; ++i) {
      input.push_back(scale * static_cast<float>(std::sin(0.01 * i + c)));
    }
  }
  return input;
}

TEST(Published, GiveTheReferenceOutputs) {
  const auto folder = test::shared("weights");
  if (!folder) GTEST_SKIP() << "no ../shared/weights";
  const auto table = parse_csv(read_text(*folder / "reference.csv", 1 << 20).value());
  ASSERT_OK(table);
  ASSERT_EQ(table->rows.size(), graph::published_weights().size());
  for (const auto& row : table->rows) {
    SCOPED_TRACE(row[0]);
    const auto all = graph::published_weights();
    const auto published = std::find_if(
        all.begin(), all.end(), [&](const auto& weights) { return weights.file == row[0]; });
    ASSERT_NE(published, all.end());
    const auto session = session_of(*published, *folder);
    ASSERT_OK(session);
    const bool is_keras = row[0].ends_with(".h5");
    const auto outputs = session->run(made_input(std::stoi(row[1]), is_keras ? 100.0F : 1.0F), 1);
    ASSERT_OK(outputs);
    EXPECT_EQ(strongest(*outputs), std::stoul(row[2]));
    for (std::size_t i = 0; i < 8; ++i) {
      EXPECT_NEAR((*outputs)[i], std::stod(row[3 + i]), 1e-4) << i;
    }
  }
}

// The middle of a photograph as the weights' README has it: 7/8 of the shorter side.
std::vector<float> photograph_input(const std::filesystem::path& path,
                                    const image::Preprocessing& preprocessing) {
  const auto picture = image::decode_file(path, Limits{}, {}).value();
  const int side = std::min(picture.width_px, picture.height_px) * 7 / 8;
  const auto middle = image::crop(
      picture, {(picture.width_px - side) / 2, (picture.height_px - side) / 2, side, side},
      {0, 0, 0});
  std::vector<float> input(preprocessing.input_values());
  image::preprocess(middle, preprocessing, input);
  return input;
}

// Photographs named rightly, of 8.
int right_of_photographs(const Session& session, const std::filesystem::path& folder,
                         const image::Preprocessing& preprocessing) {
  const auto table = parse_csv(read_text(folder / "labels.csv", 1 << 20).value()).value();
  int right = 0;
  for (const auto& row : table.rows) {
    const auto logits = session.run(photograph_input(folder / row[0], preprocessing), 1).value();
    const std::string also = " " + row[1] + " " + row[3] + " ";
    right += also.find(fmt::format(" {} ", strongest(logits))) != std::string::npos ? 1 : 0;
  }
  return right;
}

TEST(Published, NameThePhotographsRightly) {
  const auto folder = test::shared("weights");
  if (!folder) GTEST_SKIP() << "no ../shared/weights";
  for (const auto& published : graph::published_weights()) {
    if (published.file.ends_with(".h5")) continue;  // no classifier
    SCOPED_TRACE(published.architecture);
    const auto session = session_of(published, *folder);
    ASSERT_OK(session);
    const auto info = graph::find_architecture(published.architecture).value();
    const auto preprocessing =
        model_file::preprocessing_of(info, info.default_width_px, info.default_height_px);
    const int right = right_of_photographs(*session, *folder / "photographs", preprocessing);
    RecordProperty(std::string(published.architecture), right);
    EXPECT_GE(right, published.architecture.starts_with("mobilenet") ? 8 : 7);
  }
}

// The seed project's mistake: 0 … 255 for a network that was taught −1 … 1.
TEST(Published, MobileNetIsLostAtAnothersScaling) {
  const auto folder = test::shared("weights");
  if (!folder) GTEST_SKIP() << "no ../shared/weights";
  const auto published = graph::published_weights_of("mobilenet_v2-keras").value();
  const auto session = session_of(published, *folder);
  ASSERT_OK(session);
  image::Preprocessing unscaled;
  unscaled.width_px = unscaled.height_px = 224;
  const int right = right_of_photographs(*session, *folder / "photographs", unscaled);
  RecordProperty("right_of_8_at_0_to_255", right);
  EXPECT_LE(right, 4);
}

TEST(Published, AFileChangedOnTheWayIsRefused) {
  const test::TemporaryFolder folder;
  const auto published = graph::published_weights_of("squeezenet1_1").value();
  ASSERT_OK(write_text(folder / std::string(published.file), "other weights"));
  const auto graph = graph::find_architecture("squeezenet1_1")->build({3, 224, 224}, 1000).value();
  EXPECT_ERROR(graph::load_published(graph, published, folder.path(), Limits{}),
               ErrorCode::mismatch);
}

}  // namespace
}  // namespace bloodcell::infer
