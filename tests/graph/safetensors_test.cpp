#include <bit>
#include <cstring>
#include <limits>

#include <rapidcheck.h>

#include <bloodcell/graph/weights.hpp>
#include <bloodcell/test/support.hpp>

namespace bloodcell::graph {
namespace {

using ::testing::HasSubstr;

constexpr float kInfinity = std::numeric_limits<float>::infinity();

// A file of this header and this data, as the format lays them out.
Bytes file_of(const std::string& header, const std::vector<std::uint8_t>& data = {}) {
  Bytes bytes(8 + header.size() + data.size());
  const std::uint64_t length = header.size();
  std::memcpy(bytes.data(), &length, 8);
  std::memcpy(bytes.data() + 8, header.data(), header.size());
  if (!data.empty()) std::memcpy(bytes.data() + 8 + header.size(), data.data(), data.size());
  return bytes;
}

Result<WeightsFile> read(const Bytes& bytes) { return read_safetensors(bytes, Limits{}); }

std::string fault_of(const Bytes& bytes) {
  const auto file = read(bytes);
  EXPECT_FALSE(file.has_value());
  return file ? "" : file.error().message;
}

template <class T>
Result<WeightsFile> read_values(const std::string& type, const std::vector<T>& values) {
  std::vector<std::uint8_t> data(values.size() * sizeof(T));
  std::memcpy(data.data(), values.data(), data.size());
  return read(file_of(fmt::format(R"({{"t":{{"dtype":"{}","shape":[{}],"data_offsets":[0,{}]}}}})",
                                  type, values.size(), data.size()),
                      data));
}

TEST(Safetensors, ReadsAFileLaidOutByHand) {
  const auto file = read(file_of(R"({"__metadata__":{"made":"by hand"},)"
                                 R"("b":{"dtype":"F32","shape":[],"data_offsets":[8,12]},)"
                                 R"("a":{"dtype":"F32","shape":[1,2],"data_offsets":[0,8]}}   )",
                                 {0, 0, 0x80, 0x3f, 0, 0, 0, 0xc0, 0, 0, 0, 0x3f}));
  ASSERT_OK(file);
  EXPECT_EQ(file->metadata.at("made"), "by hand");
  EXPECT_EQ(file->weights.at("a"), (Tensor{{1, 2}, {1.0F, -2.0F}}));
  EXPECT_EQ(file->weights.at("b"), (Tensor{{}, {0.5F}}));
}

TEST(Safetensors, ConvertsHalfPrecision) {
  const auto file = read_values<std::uint16_t>(
      "F16", {0x3c00, 0xc000, 0x7bff, 0x0001, 0x0400, 0x8000, 0x7c00, 0xfc00, 0x3555});
  ASSERT_OK(file);
  EXPECT_THAT(file->weights.at("t").values,
              ::testing::ElementsAre(1.0F, -2.0F, 65504.0F, 0x1p-24F, 0x1p-14F, -0.0F, kInfinity,
                                     -kInfinity, 0.333251953125F));
}

TEST(Safetensors, ConvertsBrainFloats) {
  const auto file = read_values<std::uint16_t>("BF16", {0x3f80, 0xc040, 0x4049, 0x7f80});
  ASSERT_OK(file);
  EXPECT_THAT(file->weights.at("t").values,
              ::testing::ElementsAre(1.0F, -3.0F, 3.140625F, kInfinity));
}

TEST(Safetensors, ConvertsWholeNumbersOnlyWhereFloat32HoldsThem) {
  const auto held =
      read_values<std::int64_t>("I64", {0, -5, 1 << 24, (1 << 24) + 2, std::int64_t{1} << 40,
                                        std::numeric_limits<std::int64_t>::min()});
  ASSERT_OK(held);
  EXPECT_THAT(held->weights.at("t").values,
              ::testing::ElementsAre(0.0F, -5.0F, 0x1p24F, 16777218.0F, 0x1p40F, -0x1p63F));
  for (const std::int64_t lost : {(std::int64_t{1} << 24) + 1, -(std::int64_t{1} << 24) - 1,
                                  std::numeric_limits<std::int64_t>::max()}) {
    EXPECT_ERROR(read_values<std::int64_t>("I64", {lost}), ErrorCode::unsupported);
  }
}

TEST(Safetensors, RefusesOtherTypesByName) {
  const auto file = read_values<double>("F64", {1.0});
  EXPECT_ERROR(file, ErrorCode::unsupported);
  EXPECT_THAT(file.error().message, HasSubstr("tensor t is of type F64"));
}

TEST(Safetensors, GivesBackWhatWasWritten) {
  EXPECT_TRUE(rc::check([] {
    WeightsFile file;
    file.metadata = *rc::gen::container<std::map<std::string, std::string>>(
        rc::gen::string<std::string>(), rc::gen::just(std::string("ß \" \\")));
    std::erase_if(file.metadata, [](const auto& entry) {
      return std::any_of(entry.first.begin(), entry.first.end(), [](char c) { return c < 0; });
    });
    const int count = *rc::gen::inRange(0, 6);
    for (int i = 0; i < count; ++i) {
      Tensor tensor;
      tensor.dims = *rc::gen::resize(
          4, rc::gen::container<std::vector<std::int64_t>>(rc::gen::inRange<std::int64_t>(0, 5)));
      std::int64_t values = 1;
      for (const auto dim : tensor.dims) values *= dim;
      for (std::int64_t v = 0; v < values; ++v)
        tensor.values.push_back(*rc::gen::arbitrary<float>());
      file.weights[fmt::format("layer{}.weight", i)] = tensor;
    }
    const Bytes bytes = write_safetensors(file);
    const auto back = read_safetensors(bytes, Limits{});
    RC_ASSERT(back.has_value());
    RC_ASSERT(back->weights == file.weights);
    RC_ASSERT(back->metadata == file.metadata);
    RC_ASSERT(write_safetensors(*back) == bytes);
  }));
}

TEST(Safetensors, RefusesEveryShorterFile) {
  const Bytes whole = write_safetensors({{{"a", {{2}, {1, 2}}}, {"b", {{3}, {3, 4, 5}}}}, {}});
  ASSERT_OK(read(whole));
  for (std::size_t size = 0; size < whole.size(); ++size) {
    const Bytes part(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size));
    EXPECT_ERROR(read(part), ErrorCode::malformed);
  }
}

TEST(Safetensors, SurvivesAnyByteChanged) {
  const Bytes whole = write_safetensors({{{"a", {{2}, {1, 2}}}}, {{"key", "value"}}});
  for (std::size_t at = 0; at < whole.size(); ++at) {
    for (const int change : {0x01, 0x10, 0x80, 0xff}) {
      Bytes changed = whole;
      changed[at] ^= static_cast<std::byte>(change);
      const auto file = read(changed);
      EXPECT_LE(file ? file->weights.size() : 0U, 1U);
    }
  }
}

TEST(Safetensors, RefusesAHeaderLongerThanTheFileOrTheLimit) {
  Bytes huge = file_of("{}");
  const std::uint64_t length = std::numeric_limits<std::uint64_t>::max();
  std::memcpy(huge.data(), &length, 8);
  EXPECT_THAT(fault_of(huge), HasSubstr("a header of 18446744073709551615 bytes"));
  Limits limits;
  limits.max_json_bytes = 10;
  EXPECT_ERROR(read_safetensors(file_of("{         }"), limits), ErrorCode::limit_exceeded);
  EXPECT_OK(read_safetensors(file_of("{        }"), limits));
}

TEST(Safetensors, RefusesHostileHeaders) {
  const std::vector<std::uint8_t> eight(8);
  const auto entry = [](const char* shape, const char* offsets) {
    return fmt::format(R"("t":{{"dtype":"F32","shape":{},"data_offsets":{}}})", shape, offsets);
  };
  const auto one = [&](const char* shape, const char* offsets) {
    return file_of("{" + entry(shape, offsets) + "}", eight);
  };
  EXPECT_OK(read(one("[2]", "[0,8]")));
  EXPECT_THAT(fault_of(one("[2]", "[0,9]")), HasSubstr("no valid place"));
  EXPECT_THAT(fault_of(one("[2]", "[8,0]")), HasSubstr("no valid place"));
  EXPECT_THAT(fault_of(one("[2]", "[-8,0]")), HasSubstr("no valid place"));
  EXPECT_THAT(fault_of(one("[2]", "[0,8.0]")), HasSubstr("no valid place"));
  EXPECT_THAT(fault_of(one("[2]", "[0]")), HasSubstr("no valid place"));
  EXPECT_THAT(fault_of(one("[2]", "[0,18446744073709551624]")), HasSubstr("no valid place"));
  EXPECT_THAT(fault_of(one("[1]", "[0,8]")), HasSubstr("8 bytes for 1 values"));
  EXPECT_THAT(fault_of(one("[1]", "[4,8]")), HasSubstr("does not follow the last"));
  EXPECT_THAT(fault_of(one("[1]", "[0,4]")), HasSubstr("4 bytes of tensors where there are 8"));
  EXPECT_THAT(fault_of(one("[-2]", "[0,8]")), HasSubstr("no valid shape"));
  EXPECT_THAT(fault_of(one("[2.0]", "[0,8]")), HasSubstr("no valid shape"));
  EXPECT_THAT(fault_of(one("2", "[0,8]")), HasSubstr("no valid shape"));
  EXPECT_THAT(fault_of(one("[1,1,1,1,1,1,1,1,2]", "[0,8]")), HasSubstr("no valid shape"));
  EXPECT_THAT(fault_of(one("[4294967295,4294967295,4294967295]", "[0,8]")),
              HasSubstr("larger than the file"));
  EXPECT_THAT(fault_of(one("[2147483648,2147483648,4]", "[0,8]")),
              HasSubstr("larger than the file"));
}

TEST(Safetensors, RefusesOverlapsGapsAndNamesGivenTwice) {
  const std::vector<std::uint8_t> eight(8);
  const auto two = [&](const char* first, const char* second, const char* name) {
    return file_of(fmt::format(R"({{"a":{{"dtype":"F32","shape":[1],"data_offsets":{}}},)"
                               R"("{}":{{"dtype":"F32","shape":[1],"data_offsets":{}}}}})",
                               first, name, second),
                   eight);
  };
  EXPECT_OK(read(two("[4,8]", "[0,4]", "b")));
  EXPECT_THAT(fault_of(two("[0,4]", "[0,4]", "b")), HasSubstr("does not follow"));
  EXPECT_THAT(fault_of(two("[0,4]", "[2,6]", "b")), HasSubstr("does not follow"));
  EXPECT_THAT(fault_of(two("[0,4]", "[4,8]", "a")), HasSubstr("'a' stands twice"));
}

TEST(Safetensors, RefusesHeadersThatAreNotAnObjectOfTensors) {
  for (const std::string header :
       {"", "[]", "null", " {}", "{\"a\":1}", "{\"a\":{}}", "{\"a\":{\"dtype\":4}}",
        "{\"__metadata__\":[]}", "{\"__metadata__\":{\"a\":1}}", "{\"a\":[[[[[[[[[[]]]]]]]]]]}"}) {
    EXPECT_ERROR(read(file_of(header)), ErrorCode::malformed);
  }
}

TEST(Safetensors, NamesTheFileItCannotRead) {
  const test::TemporaryFolder folder;
  ASSERT_OK(write_text(folder / "w.safetensors", "no"));
  const auto file = load_safetensors(folder / "w.safetensors", Limits{});
  EXPECT_ERROR(file, ErrorCode::malformed);
  EXPECT_THAT(file.error().path, HasSubstr("w.safetensors"));
  EXPECT_ERROR(load_safetensors(folder / "none", Limits{}), ErrorCode::not_found);
}

// torchvision's published count of parameters.
TEST(Safetensors, ReadsAFileOthersWrote) {
  const auto path = test::shared("weights/squeezenet1_1.safetensors");
  if (!path) GTEST_SKIP() << "no ../shared/weights/squeezenet1_1.safetensors";
  const auto file = load_safetensors(*path, Limits{});
  ASSERT_OK(file);
  std::size_t values = 0;
  for (const auto& [name, tensor] : file->weights) values += tensor.values.size();
  EXPECT_EQ(values, 1'235'496U);
}

}  // namespace
}  // namespace bloodcell::graph
