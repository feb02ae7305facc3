#include <bloodcell/model_file/model_file.hpp>

#include <limits>

#include <rapidcheck.h>

#include <bloodcell/base/hash.hpp>
#include <bloodcell/base/random.hpp>
#include <bloodcell/test/blob_locator.hpp>

#include "small_model.hpp"

namespace bloodcell::model_file {
namespace {

using ::testing::HasSubstr;

TEST(ModelFile, GivesBackWhatWasMade) {
  const ModelFile made = small_model();
  const auto back = read(made.onnx, Limits{});
  ASSERT_OK(back);
  EXPECT_EQ(to_json(back->description), to_json(made.description));
  EXPECT_EQ(back->onnx, made.onnx);

  Description expected = small_description();
  expected.graph_sha256 = made.description.graph_sha256;
  EXPECT_EQ(to_json(made.description), to_json(expected));
  EXPECT_EQ(made.description.preprocessing, expected.preprocessing);
  EXPECT_EQ(made.description.golden[1].logits, expected.golden[1].logits);
}

TEST(ModelFile, TakesInputScalingFromTheArchitecture) {
  const auto caffe = preprocessing_of(*graph::find_architecture("vgg16-keras"), 320, 240);
  EXPECT_EQ(caffe.width_px, 320);
  EXPECT_EQ(caffe.height_px, 240);
  EXPECT_EQ(caffe.channels, image::ChannelOrder::bgr);
  EXPECT_EQ(caffe.mean, (std::array<double, 3>{103.939, 116.779, 123.68}));
  for (const auto& info : graph::architectures()) {
    EXPECT_OK(image::check(preprocessing_of(info, 64, 64)));
  }
}

TEST(ModelFile, IsTheSameBytesEachTime) { EXPECT_EQ(small_model().onnx, small_model().onnx); }

TEST(ModelFile, SavesAndLoads) {
  const test::TemporaryFolder folder;
  const ModelFile made = small_model();
  ASSERT_OK(save(made, folder / "models/small.onnx"));
  const auto loaded = load(folder / "models/small.onnx", Limits{});
  ASSERT_OK(loaded);
  EXPECT_EQ(loaded->onnx, made.onnx);
}

TEST(ModelFile, NamesTheFileItCannotLoad) {
  const test::TemporaryFolder folder;
  EXPECT_ERROR(load(folder / "none.onnx", Limits{}), ErrorCode::not_found);
  ASSERT_OK(write_text(folder / "text.onnx", "just some text"));
  const auto text = load(folder / "text.onnx", Limits{});
  EXPECT_ERROR(text, ErrorCode::malformed);
  EXPECT_THAT(text.error().path, HasSubstr("text.onnx"));
}

TEST(ModelFile, IsAPlainOnnxFileThatTellsOfItself) {
  const auto model = proto_of(small_model());
  EXPECT_EQ(model.producer_name(), "bloodcell");
  EXPECT_THAT(model.doc_string(), HasSubstr("small test: 3 classes"));
  ASSERT_EQ(model.metadata_props_size(), 1);
  EXPECT_EQ(model.metadata_props(0).key(), "bloodcell");
}

TEST(ModelFile, HashesTheGraphAsItStandsInTheFile) {
  const ModelFile made = small_model();
  EXPECT_EQ(made.description.graph_sha256, sha256(bytes_of(proto_of(made).graph())));
}

TEST(ModelFile, TakesTheArchitecturesNameFromTheGraph) {
  const graph::Graph graph = small_graph();
  Description d = small_description();
  d.architecture.clear();
  const auto made = make(graph, test::random_weights(graph), d);
  ASSERT_OK(made);
  EXPECT_EQ(made->description.architecture, "small");
}

TEST(ModelFile, IsNotMadeFromPartsThatDisagree) {
  const graph::Graph graph = small_graph();
  const auto weights = test::random_weights(graph);
  const auto made_with = [&](const auto& change) {
    Description d = small_description();
    change(d);
    return make(graph, weights, d);
  };
  EXPECT_OK(made_with([](Description&) {}));
  EXPECT_ERROR(made_with([](Description& d) { d.labels.pop_back(); }), ErrorCode::mismatch);
  EXPECT_ERROR(made_with([](Description& d) { d.preprocessing.width_px = 4; }),
               ErrorCode::mismatch);
  EXPECT_ERROR(made_with([](Description& d) { d.architecture = "baseline"; }), ErrorCode::mismatch);
  EXPECT_ERROR(make(graph, test::random_weights(small_graph(4)), small_description()),
               ErrorCode::mismatch);
}

TEST(ModelFile, IsNotMadeWithFieldsOutOfRange) {
  const graph::Graph graph = small_graph();
  const auto weights = test::random_weights(graph);
  const auto expect_refusal = [&](const std::string& field, const auto& change) {
    Description d = small_description();
    change(d);
    const auto made = make(graph, weights, d);
    EXPECT_ERROR(made, ErrorCode::malformed);
    EXPECT_THAT(made.error().message, HasSubstr(field));
  };
  constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
  expect_refusal("temperature", [](Description& d) { d.temperature = 0; });
  expect_refusal("temperature", [](Description& d) { d.temperature = kNaN; });
  expect_refusal("min_confidence", [](Description& d) { d.min_confidence = 1.5; });
  expect_refusal("golden", [](Description& d) { d.golden[0].logits.pop_back(); });
  expect_refusal("golden", [](Description& d) {
    d.golden[0].logits[0] = std::numeric_limits<float>::infinity();
  });
  expect_refusal("labels", [](Description& d) { d.labels[1] = d.labels[0]; });
  expect_refusal("UTF-8", [](Description& d) { d.labels[1] = "\xff\xfe"; });
  expect_refusal("name", [](Description& d) { d.name = "red \x1b[31m"; });
  expect_refusal("deviation", [](Description& d) { d.preprocessing.deviation[2] = 0; });
}

TEST(ModelFile, IsNotMadeFromWeightsThatRanAway) {
  const graph::Graph graph = small_graph();
  auto weights = test::random_weights(graph);
  weights["conv.bias"].values[1] = std::numeric_limits<float>::quiet_NaN();
  const auto made = make(graph, weights, small_description());
  EXPECT_ERROR(made, ErrorCode::malformed);
  EXPECT_THAT(made.error().message, HasSubstr("conv.bias"));
}

TEST(ModelFile, IsNotMadeWithProvenanceThatNobodyCouldReadBack) {
  const graph::Graph graph = small_graph();
  const auto weights = test::random_weights(graph);
  Description d = small_description();
  d.provenance = {{"long", std::string(5 << 20, 'x')}};
  EXPECT_ERROR(make(graph, weights, d), ErrorCode::limit_exceeded);
  nlohmann::json deep = 1;
  for (int i = 0; i < 40; ++i) deep = nlohmann::json::array({deep});
  d.provenance = {{"deep", deep}};
  EXPECT_ERROR(make(graph, weights, d), ErrorCode::malformed);
}

TEST(Description, SurvivesJsonExactly) {
  EXPECT_TRUE(rc::check([] {
    Description d = small_description();
    d.temperature = *rc::gen::inRange(1, 100000) / 1000.0;
    d.golden[0].seed = *rc::gen::arbitrary<std::uint64_t>();
    for (float& logit : d.golden[0].logits) logit = *rc::gen::arbitrary<float>();
    d.graph_sha256 = std::string(64, 'a');
    const auto text = to_json(d).dump();
    const auto back = description_from_json(nlohmann::json::parse(text));
    RC_ASSERT(back.has_value());
    RC_ASSERT(back->temperature == d.temperature);
    RC_ASSERT(back->golden[0].seed == d.golden[0].seed);
    RC_ASSERT(back->golden[0].logits == d.golden[0].logits);
    RC_ASSERT(to_json(*back).dump() == text);
  }));
}

TEST(GoldenInput, IsDrawnInOrderFromItsOwnStream) {
  const auto p = small_description().preprocessing;
  const auto input = golden_input(7, p);
  ASSERT_EQ(input.size(), 3U * 4 * 5);
  Random random(7, stream_of("golden"), 0);
  for (const float value : input) {
    EXPECT_EQ(value, static_cast<float>(random.uniform(-1, 1)));
    EXPECT_GE(value, -1.0F);
    EXPECT_LT(value, 1.0F);
  }
  EXPECT_NE(golden_input(8, p), input);
}

// Worked by the Python of docs/model_file.md, outside this program.
TEST(GoldenInput, HasTheDocumentedValues) {
  const auto p = small_description().preprocessing;
  const auto input = golden_input(1, p);
  EXPECT_EQ(input[0], 0.28046914935112F);
  EXPECT_EQ(input[1], -0.6100732088088989F);
  EXPECT_EQ(input[2], 0.7146055102348328F);
  EXPECT_EQ(input[3], -0.07831552624702454F);
  const auto far = golden_input((std::uint64_t{1} << 40) + 3, p);
  EXPECT_EQ(far[58], -0.5590165257453918F);
  EXPECT_EQ(far[59], -0.39955034852027893F);
}

TEST(ModelFile, CarriesALocatorWithin) {
  const ModelFile locator = test::blob_locator();
  const auto both = with_locator(small_model(), locator);
  ASSERT_OK(both);
  EXPECT_EQ(both->locator, locator.onnx);
  EXPECT_EQ(both->description.locator_sha256, sha256(locator.onnx));
  EXPECT_EQ(both->description.graph_sha256, small_model().description.graph_sha256);
  const auto back = read(both->onnx, Limits{});
  ASSERT_OK(back);
  EXPECT_EQ(back->locator, locator.onnx);
  const auto again = with_locator(*both, locator);  // takes the place of the first
  ASSERT_OK(again);
  EXPECT_EQ(again->onnx, both->onnx);
}

TEST(ModelFile, OnlyAClassifierTakesALocator) {
  const ModelFile locator = test::blob_locator();
  EXPECT_ERROR(with_locator(locator, locator), ErrorCode::usage);
  EXPECT_ERROR(with_locator(small_model(), small_model()), ErrorCode::usage);
}

TEST(ModelFile, ALocatorThatIsNotTheOneNamedIsRefused) {
  const ModelFile both = with_locator(small_model(), test::blob_locator()).value();
  const auto changed = [&](const std::function<void(onnx::ModelProto&)>& change) {
    onnx::ModelProto model = proto_of(both);
    change(model);
    return read(bytes_of(model), Limits{});
  };
  EXPECT_ERROR(changed([](auto& m) { m.mutable_metadata_props(1)->set_value("QUJD"); }),
               ErrorCode::malformed);
  EXPECT_ERROR(changed([](auto& m) { m.mutable_metadata_props(1)->set_value("no base64"); }),
               ErrorCode::malformed);
  EXPECT_ERROR(changed([](auto& m) { m.mutable_metadata_props()->RemoveLast(); }),
               ErrorCode::malformed);
  EXPECT_ERROR(changed([](auto& m) { *m.add_metadata_props() = m.metadata_props(1); }),
               ErrorCode::malformed);
}

}  // namespace
}  // namespace bloodcell::model_file
