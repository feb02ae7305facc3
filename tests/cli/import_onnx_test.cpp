// Networks of others through the program: the colour model in foreign clothes.
#include <cmath>
#include <filesystem>

#include <onnx/onnx_pb.h>
#include <nlohmann/json.hpp>

#include <bloodcell/base/csv.hpp>
#include <bloodcell/base/files.hpp>
#include <bloodcell/test/colour_model.hpp>
#include <bloodcell/test/program.hpp>

namespace bloodcell::cli {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

class Foreigners : public testing::Test {
 protected:
  void SetUp() override {
    test::write_png(pictures_ / "a.png", test::kRed);
    test::write_png(pictures_ / "b.png", test::kGreen);
    test::write_png(pictures_ / "c.png", test::kBlue);
    ASSERT_OK(write_text(labels_, "red\ngreen\nblue\n"));
    const auto colour = test::colour_model();
    network_.ParseFromArray(colour.onnx.data(), static_cast<int>(colour.onnx.size()));
    network_.clear_metadata_props();
  }

  // Its classes of the three pictures, by predict as it is and by the model file made of it.
  std::vector<std::string> classes(const onnx::ModelProto& network,
                                   std::vector<std::string> how = {}) {
    const fs::path theirs = folder_ / "theirs.onnx";
    const fs::path ours = folder_ / "ours.onnx";
    const std::string bytes = network.SerializeAsString();
    EXPECT_OK(write_text(theirs, bytes));
    std::vector<std::string> words{"import-onnx", theirs, "--labels", labels_, "-o", ours};
    words.insert(words.end(), how.begin(), how.end());
    const auto made = test::run_program("bloodcell", words);
    EXPECT_EQ(made.status, 0) << made.err;
    EXPECT_EQ(test::run_program("bloodcell", {"info", ours, "--verify"}).status, 0);
    const auto by_ours =
        test::run_program("bloodcell", {"predict", pictures_, "--model", ours, "--format", "csv"});
    words = {"predict", pictures_, "--model", theirs, "--labels", labels_, "--format", "csv"};
    words.insert(words.end(), how.begin(), how.end());
    const auto at_once = test::run_program("bloodcell", words);
    EXPECT_EQ(at_once.out, by_ours.out) << at_once.err << by_ours.err;
    confidence_.clear();
    std::vector<std::string> found;
    const auto table = parse_csv(at_once.out);
    for (const auto& row : table->rows) {
      found.push_back(row.at(6));
      confidence_.push_back(std::stod(row.at(7)));
    }
    return found;
  }

  test::TemporaryFolder folder_;
  fs::path pictures_ = folder_ / "pictures";
  fs::path labels_ = folder_ / "labels.txt";
  onnx::ModelProto network_;
  std::vector<double> confidence_;
};

TEST_F(Foreigners, ThatGiveLogits) {
  EXPECT_THAT(classes(network_), ElementsAre("red", "green", "blue"));
  EXPECT_NEAR(confidence_[0], 1 / (1 + 2 * std::exp(-10.0)), 1e-6);
}

TEST_F(Foreigners, WhosePlanesAreTurned) {
  EXPECT_THAT(classes(network_, {"--channels", "bgr"}), ElementsAre("blue", "green", "red"));
}

TEST_F(Foreigners, WithAScalingOfTheirOwn) {
  classes(network_, {"--mean", "0", "0", "0", "--deviation", "510", "510", "510"});
  EXPECT_NEAR(confidence_[0], 1 / (1 + 2 * std::exp(-5.0)), 1e-6);
}

TEST_F(Foreigners, ThatGiveProbabilities) {
  auto& outputs = *network_.mutable_graph()->mutable_output();
  for (int i = outputs.size() - 1; i >= 0; --i) {
    if (outputs[i].name() == "logits") outputs.DeleteSubrange(i, 1);
  }
  ASSERT_EQ(outputs.size(), 1);
  EXPECT_THAT(classes(network_, {"--output-is", "probabilities"}),
              ElementsAre("red", "green", "blue"));
  EXPECT_NEAR(confidence_[0], 1 / (1 + 2 * std::exp(-10.0)), 1e-6);
}

TEST_F(Foreigners, WhoseChannelsComeLast) {
  auto& graph = *network_.mutable_graph();
  for (auto& node : *graph.mutable_node()) {
    for (auto& name : *node.mutable_input()) {
      if (name == "images") name = "planes";
    }
  }
  auto* turn = graph.add_node();
  turn->set_op_type("Transpose");
  turn->add_input("images");
  turn->add_output("planes");
  auto* order = turn->add_attribute();
  order->set_name("perm");
  order->set_type(onnx::AttributeProto::INTS);
  for (const int axis : {0, 3, 1, 2}) order->add_ints(axis);
  for (int i = graph.node_size() - 1; i > 0; --i) graph.mutable_node()->SwapElements(i, i - 1);
  auto& shape = *graph.mutable_input(0)->mutable_type()->mutable_tensor_type()->mutable_shape();
  shape.mutable_dim(1)->set_dim_value(8);
  shape.mutable_dim(3)->set_dim_value(3);
  EXPECT_THAT(classes(network_, {"--layout", "nhwc"}), ElementsAre("red", "green", "blue"));
}

TEST_F(Foreigners, AreRefusedWithAReason) {
  ASSERT_OK(write_text(folder_ / "two.txt", "red\ngreen\n"));
  const fs::path theirs = folder_ / "theirs.onnx";
  ASSERT_OK(write_text(theirs, network_.SerializeAsString()));
  const auto fewer = test::run_program(
      "bloodcell", {"predict", pictures_, "--model", theirs, "--labels", folder_ / "two.txt"});
  EXPECT_EQ(fewer.status, 1);
  EXPECT_THAT(fewer.err, HasSubstr("3 classes apart, 2 labels"));
  const auto unlabelled = test::run_program("bloodcell", {"predict", pictures_, "--model", theirs});
  EXPECT_EQ(unlabelled.status, 1);
  const auto size = test::run_program(
      "bloodcell", {"import-onnx", theirs, "--labels", labels_, "--size", "8", "-o", "x.onnx"});
  EXPECT_EQ(size.status, 2);
}

TEST_F(Foreigners, AndOursAreNotMixedUp) {
  const fs::path ours = folder_ / "ours.onnx";
  ASSERT_OK(model_file::save(test::colour_model(), ours));
  const auto as_theirs =
      test::run_program("bloodcell", {"predict", pictures_, "--model", ours, "--labels", labels_});
  EXPECT_EQ(as_theirs.status, 2);
  EXPECT_THAT(as_theirs.err, HasSubstr("is a model file of BloodCell"));
  const auto told_how =
      test::run_program("bloodcell", {"predict", pictures_, "--model", ours, "--scaling", "caffe"});
  EXPECT_EQ(told_how.status, 2);
  const auto unnamed = test::run_program("bloodcell", {"predict", pictures_, "--labels", labels_});
  EXPECT_EQ(unnamed.status, 2);
}

}  // namespace
}  // namespace bloodcell::cli
