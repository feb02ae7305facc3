// Files that are cut, changed or forged.

#include <rapidcheck.h>

#include "small_model.hpp"

namespace bloodcell::model_file {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;

void expect_fault(const Result<ModelFile>& file, ErrorCode code, const std::string& what) {
  EXPECT_ERROR(file, code);
  EXPECT_THAT(file.error().message, HasSubstr(what));
}

// The first byte of the graph in the file, and the first after it.
std::pair<std::size_t, std::size_t> place_of_graph(const ModelFile& file) {
  const Bytes graph = bytes_of(proto_of(file).graph());
  const auto at = std::search(file.onnx.begin(), file.onnx.end(), graph.begin(), graph.end());
  EXPECT_NE(at, file.onnx.end());
  const auto first = static_cast<std::size_t>(at - file.onnx.begin());
  return {first, first + graph.size()};
}

TEST(HostileModelFile, CutAnywhereIsRefused) {
  const ModelFile whole = small_model();
  for (std::size_t size = 0; size < whole.onnx.size(); ++size) {
    const Bytes part(whole.onnx.begin(), whole.onnx.begin() + static_cast<std::ptrdiff_t>(size));
    EXPECT_FALSE(read(part, Limits{}).has_value()) << size;
  }
}

TEST(HostileModelFile, AnyByteOfTheGraphChangedIsRefused) {
  const ModelFile whole = small_model();
  const auto [begin, end] = place_of_graph(whole);
  for (std::size_t at = begin; at < end; ++at) {
    for (const int change : {0x01, 0x80}) {
      Bytes changed = whole.onnx;
      changed[at] ^= static_cast<std::byte>(change);
      EXPECT_FALSE(read(changed, Limits{}).has_value()) << at;
    }
  }
}

TEST(HostileModelFile, AnyOtherByteChangedLeavesTheNetworkItself) {
  const ModelFile whole = small_model();
  const auto place = place_of_graph(whole);
  EXPECT_TRUE(rc::check([&] {
    Bytes changed = whole.onnx;
    const int changes = *rc::gen::inRange(1, 4);
    for (int i = 0; i < changes; ++i) {
      const auto at = *rc::gen::inRange<std::size_t>(0, changed.size());
      RC_PRE(at < place.first || at >= place.second);
      changed[at] = static_cast<std::byte>(*rc::gen::inRange(0, 256));
    }
    const auto file = read(changed, Limits{});
    if (!file) return;
    RC_ASSERT(file->description.graph_sha256 == whole.description.graph_sha256);
  }));
}

TEST(HostileModelFile, RandomBytesAreRefused) {
  EXPECT_TRUE(rc::check([] {
    const auto noise =
        *rc::gen::container<std::vector<std::uint8_t>>(rc::gen::arbitrary<std::uint8_t>());
    Bytes bytes(noise.size());
    for (std::size_t i = 0; i < noise.size(); ++i) bytes[i] = static_cast<std::byte>(noise[i]);
    RC_ASSERT(!read(bytes, Limits{}).has_value());
  }));
}

TEST(HostileModelFile, EmptyIsSaidToBeEmpty) {
  expect_fault(read({}, Limits{}), ErrorCode::malformed, "an empty file");
}

TEST(HostileModelFile, LargerThanTheLimitIsRefused) {
  Limits limits;
  limits.max_file_bytes = 100;
  expect_fault(read(small_model().onnx, limits), ErrorCode::limit_exceeded, "limit of 100");
  limits = {};
  limits.max_json_bytes = 20;
  expect_fault(read(small_model().onnx, limits), ErrorCode::limit_exceeded, "metadata of");
}

TEST(HostileModelFile, APlainOnnxFileIsToldWhatItLacks) {
  auto model = proto_of(small_model());
  model.clear_metadata_props();
  const auto file = read(bytes_of(model), Limits{});
  expect_fault(file, ErrorCode::unsupported, "without BloodCell's metadata");
  EXPECT_THAT(file.error().remedy, HasSubstr("bloodcell export"));
}

TEST(HostileModelFile, MetadataTwiceIsRefused) {
  auto model = proto_of(small_model());
  *model.add_metadata_props() = model.metadata_props(0);
  expect_fault(read(bytes_of(model), Limits{}), ErrorCode::malformed, "bloodcell twice");
}

TEST(HostileModelFile, ASecondGraphIsRefused) {
  const ModelFile made = small_model();
  Bytes bytes = made.onnx;
  onnx::ModelProto second;
  second.mutable_graph()->add_node()->set_op_type("Relu");
  const Bytes more = bytes_of(second);
  bytes.insert(bytes.end(), more.begin(), more.end());
  expect_fault(read(bytes, Limits{}), ErrorCode::malformed, "two graphs");
}

// Two bytes in the file, about a hundred and fifty in memory.
TEST(HostileModelFile, ManyEmptyNodesAreCountedBeforeTheyTakeMemory) {
  Bytes nodes;
  for (int i = 0; i < 3'000'000; ++i) {
    nodes.push_back(std::byte{0x0a});
    nodes.push_back(std::byte{0x00});
  }
  Bytes bytes{std::byte{0x3a}};  // graph, of this length:
  for (std::size_t length = nodes.size(); length > 0; length >>= 7) {
    bytes.push_back(static_cast<std::byte>((length & 0x7f) | (length > 0x7f ? 0x80 : 0)));
  }
  bytes.insert(bytes.end(), nodes.begin(), nodes.end());
  expect_fault(read(bytes, Limits{}), ErrorCode::limit_exceeded, "beside the weights");
}

TEST(HostileModelFile, MetadataThatIsNotSoundJsonIsRefused) {
  auto model = proto_of(small_model());
  const auto with = [&](const std::string& text) {
    model.mutable_metadata_props(0)->set_value(text);
    return read(bytes_of(model), Limits{});
  };
  for (const std::string text : {"", "{", "{\"a\":\"\xff\"}", "{} {}"}) {
    expect_fault(with(text), ErrorCode::malformed, "not sound JSON");
  }
  expect_fault(with(std::string(100'000, '[')), ErrorCode::malformed, "nested deeper");
  expect_fault(with(R"({"name":"a","name":"b"})"), ErrorCode::malformed, "stands twice");
  expect_fault(with("[]"), ErrorCode::malformed, "not a JSON object");
}

TEST(HostileModelFile, ANewerFormatAsksForANewerProgram) {
  const auto file = read_with_metadata([](json& m) { m["format_version"] = 4; });
  expect_fault(file, ErrorCode::unsupported, "format 4, this program reads up to 3");
  EXPECT_THAT(file.error().remedy, HasSubstr("newer BloodCell"));
  for (const json& version : {json(0), json(-1), json(1.5), json("1"), json()}) {
    expect_fault(read_with_metadata([&](json& m) { m["format_version"] = version; }),
                 ErrorCode::malformed, "format_version");
  }
}

TEST(HostileModelFile, EveryMissingFieldIsNamed) {
  for (const char* field :
       {"format_version", "name", "architecture", "task", "labels", "preprocessing", "temperature",
        "min_confidence", "graph_sha256", "golden", "golden_tolerance", "provenance"}) {
    expect_fault(read_with_metadata([&](json& m) { m.erase(field); }), ErrorCode::malformed, field);
    expect_fault(read_with_metadata([&](json& m) { m[field] = json::array({nullptr}); }),
                 ErrorCode::malformed, field);
  }
}

TEST(HostileModelFile, WrongLabelsAreRefused) {
  const auto with = [](const json& labels) {
    return read_with_metadata([&](json& m) {
      m["labels"] = labels;
      m["golden"] = json::array();
    });
  };
  EXPECT_OK(with({"a", "b", "c"}));
  expect_fault(with({"a", "b", "b"}), ErrorCode::malformed, "names 'b' twice");
  expect_fault(with({"a", "b", ""}), ErrorCode::malformed, "0 bytes");
  expect_fault(with({"a", "b", std::string(101, 'x')}), ErrorCode::malformed, "101 bytes");
  expect_fault(with({"a", "b", "c\nd"}), ErrorCode::malformed, "control character");
  expect_fault(with({"a", "b", 3}), ErrorCode::malformed, "not text");
  expect_fault(with(json::array()), ErrorCode::malformed, "0 entries");
  expect_fault(with({"a", "b"}), ErrorCode::mismatch, "logits [N, 2] for its 2 labels");
  json many = json::array();
  for (int i = 0; i < 1001; ++i) many.push_back(std::to_string(i));
  expect_fault(with(many), ErrorCode::malformed, "1001 entries");
}

TEST(HostileModelFile, WrongGoldenOutputsAreRefused) {
  const auto with = [](const json& golden) {
    return read_with_metadata([&](json& m) { m["golden"] = golden; });
  };
  EXPECT_OK(with(json::array()));
  const json sound = {{"seed", 1}, {"logits", {1, 2, 3}}};
  EXPECT_OK(with(json::array({sound})));
  expect_fault(with(json::array({{{"seed", 1}, {"logits", {1, 2}}}})), ErrorCode::malformed,
               "2 logits for 3");
  expect_fault(with(json::array({{{"seed", -1}, {"logits", {1, 2, 3}}}})), ErrorCode::malformed,
               "golden");
  expect_fault(with(json::array({{{"seed", 1}, {"logits", {1, 2, 1e39}}}})), ErrorCode::malformed,
               "float32");
  expect_fault(with(json::array({{{"seed", 1}, {"logits", {1, 2, nullptr}}}})),
               ErrorCode::malformed, "float32");
  expect_fault(with(json(17, sound)), ErrorCode::malformed, "at most 16");
}

TEST(HostileModelFile, AnotherInputSizeIsRefused) {
  expect_fault(read_with_metadata([](json& m) { m["preprocessing"]["width_px"] = 6; }),
               ErrorCode::mismatch, "images [N, 3, 4, 6]");
  expect_fault(read_with_metadata([](json& m) { m["preprocessing"]["width_px"] = 100'000; }),
               ErrorCode::malformed, "sides");
}

TEST(HostileModelFile, AnotherGraphThanTheHashedOneIsRefused) {
  expect_fault(read_with_metadata([](json& m) { m["graph_sha256"] = std::string(64, '0'); }),
               ErrorCode::mismatch, "not the one its metadata was made for");
}

TEST(HostileModelFile, ForgedEndsAreRefused) {
  const auto dim = [](onnx::ValueInfoProto& value, int i) {
    return value.mutable_type()->mutable_tensor_type()->mutable_shape()->mutable_dim(i);
  };
  EXPECT_OK(read_with_network([](onnx::ModelProto&) {}));
  expect_fault(read_with_network([&](onnx::ModelProto& m) {
                 dim(*m.mutable_graph()->mutable_input(0), 0)->set_dim_value(1);
               }),
               ErrorCode::mismatch, "input is not images");
  expect_fault(read_with_network([](onnx::ModelProto& m) {
                 m.mutable_graph()->mutable_input(0)->set_name("pictures");
               }),
               ErrorCode::mismatch, "input is not images");
  expect_fault(read_with_network([](onnx::ModelProto& m) {
                 *m.mutable_graph()->add_input() = m.graph().input(0);
               }),
               ErrorCode::mismatch, "input is not images");
  expect_fault(read_with_network([&](onnx::ModelProto& m) {
                 dim(*m.mutable_graph()->mutable_output(0), 1)->set_dim_value(4);
               }),
               ErrorCode::mismatch, "no output logits");
  expect_fault(read_with_network([](onnx::ModelProto& m) { m.mutable_graph()->clear_output(); }),
               ErrorCode::mismatch, "no output logits");
}

TEST(HostileModelFile, WeightsInOtherFilesAreRefused) {
  expect_fault(read_with_network([](onnx::ModelProto& m) {
                 auto& tensor = *m.mutable_graph()->mutable_initializer(0);
                 tensor.set_data_location(onnx::TensorProto::EXTERNAL);
                 auto* place = tensor.add_external_data();
                 place->set_key("location");
                 place->set_value("/etc/passwd");
               }),
               ErrorCode::unsupported, "in another file");
  expect_fault(read_with_network([](onnx::ModelProto& m) {
                 auto* attribute = m.mutable_graph()->mutable_node(0)->add_attribute();
                 attribute->mutable_t()->set_data_location(onnx::TensorProto::EXTERNAL);
               }),
               ErrorCode::unsupported, "in another file");
}

TEST(HostileModelFile, TensorsThatDoNotFitTheirSizesAreRefused) {
  const auto with = [](const auto& change) {
    return read_with_network(
        [&](onnx::ModelProto& m) { change(*m.mutable_graph()->mutable_initializer(0)); });
  };
  expect_fault(with([](onnx::TensorProto& t) { t.mutable_raw_data()->pop_back(); }),
               ErrorCode::malformed, "sizes do not fit");
  expect_fault(with([](onnx::TensorProto& t) { t.set_dims(0, -2); }), ErrorCode::malformed,
               "sizes do not fit");
  expect_fault(with([](onnx::TensorProto& t) { t.set_dims(0, std::int64_t{1} << 62); }),
               ErrorCode::malformed, "sizes do not fit");
  expect_fault(with([](onnx::TensorProto& t) { t.set_data_type(onnx::TensorProto::STRING); }),
               ErrorCode::unsupported, "not raw data");
  expect_fault(with([](onnx::TensorProto& t) {
                 t.clear_raw_data();
                 t.add_float_data(1);
               }),
               ErrorCode::unsupported, "not raw data");
}

TEST(HostileModelFile, NetworksThatLoopOrCallAreRefused) {
  expect_fault(read_with_network([](onnx::ModelProto& m) {
                 m.mutable_graph()->mutable_node(0)->add_attribute()->mutable_g()->set_name("body");
               }),
               ErrorCode::unsupported, "runs a network of its own");
  expect_fault(read_with_network([](onnx::ModelProto& m) { m.add_functions()->set_name("f"); }),
               ErrorCode::unsupported, "functions");
  expect_fault(read_with_network([](onnx::ModelProto& m) { m.add_training_info(); }),
               ErrorCode::unsupported, "training");
  expect_fault(
      read_with_network([](onnx::ModelProto& m) { m.mutable_graph()->add_sparse_initializer(); }),
      ErrorCode::unsupported, "sparse");
}

}  // namespace
}  // namespace bloodcell::model_file
