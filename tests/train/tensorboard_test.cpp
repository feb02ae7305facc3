#include <bloodcell/train/tensorboard.hpp>

#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "small_run.hpp"

namespace bloodcell::train {
namespace {

namespace fs = std::filesystem;

std::uint32_t crc_of(std::string_view text) { return crc32c(std::as_bytes(std::span(text))); }

// RFC 3720, appendix B.4, and the check value of the catalogue of CRCs.
TEST(Crc32c, MatchesPublishedValues) {
  EXPECT_EQ(crc_of("123456789"), 0xE3069283U);
  EXPECT_EQ(crc_of(std::string(32, '\0')), 0x8A9136AAU);
  EXPECT_EQ(crc_of(std::string(32, '\xFF')), 0x62A8AB43U);
  std::string rising;
  for (char c = 0; c < 32; ++c) rising += c;
  EXPECT_EQ(crc_of(rising), 0x46DD794EU);
  EXPECT_EQ(crc_of(""), 0U);
}

std::uint64_t number_at(const Bytes& bytes, std::size_t place, std::size_t size) {
  std::uint64_t number = 0;
  for (std::size_t i = 0; i < size; ++i) {
    number |= static_cast<std::uint64_t>(bytes[place + i]) << (8 * i);
  }
  return number;
}

std::uint32_t masked(std::uint32_t crc) { return ((crc >> 15) | (crc << 17)) + 0xA282EAD8U; }

TEST(TfRecord, FramesAPayloadByLengthAndMaskedSums) {
  const Bytes record = tfrecord("abc");
  ASSERT_EQ(record.size(), 8 + 4 + 3 + 4U);
  EXPECT_EQ(number_at(record, 0, 8), 3U);
  EXPECT_EQ(number_at(record, 8, 4), masked(crc32c(std::span(record).first(8))));
  EXPECT_EQ(static_cast<char>(record[12]), 'a');
  EXPECT_EQ(number_at(record, 15, 4), masked(crc_of("abc")));
}

// The payloads of a file, after each frame was checked.
std::vector<std::string> payloads_of(const Bytes& file) {
  std::vector<std::string> payloads;
  std::size_t place = 0;
  while (place + 16 <= file.size()) {
    const auto length = number_at(file, place, 8);
    EXPECT_LE(place + 16 + length, file.size());
    if (place + 16 + length > file.size()) break;
    std::string payload(length, '\0');
    std::memcpy(payload.data(), file.data() + place + 12, length);
    const Bytes again = tfrecord(payload);
    EXPECT_TRUE(
        std::equal(again.begin(), again.end(), file.begin() + static_cast<std::ptrdiff_t>(place)));
    payloads.push_back(payload);
    place += 16 + length;
  }
  EXPECT_EQ(place, file.size());
  return payloads;
}

EpochEvents small_epoch() {
  EpochEvents epoch;
  epoch.record.epoch = 7;
  epoch.record.validation_accuracy = 0.75;
  epoch.record.classes = {{0.5, 0.25, 1}};
  epoch.labels = {"monocyte"};
  epoch.weights = {{"logits.weight", {{4}, {-1, 0, 0.5, 1}}}};
  epoch.pictures = {image::Image(4, 3)};
  return epoch;
}

TEST(EpochEvents, HoldScalarsHistogramsAndPictures) {
  const auto file = epoch_as_events(small_epoch(), 12.5);
  ASSERT_OK(file);
  const auto payloads = payloads_of(*file);
  ASSERT_EQ(payloads.size(), 2U);
  EXPECT_THAT(payloads[0], testing::HasSubstr("brain.Event:2"));
  for (const char* tag : {"validation/accuracy", "recall/monocyte", "weights/logits.weight",
                          "pictures/0", "run/learning_rate", "\x89PNG"}) {
    EXPECT_THAT(payloads[1], testing::HasSubstr(tag));
  }
}

TEST(EpochEvents, OfWeightsThatAreAllEqualAreStillAHistogram) {
  auto epoch = small_epoch();
  epoch.weights = {{"bias", {{2}, {0, 0}}}, {"none", {{0}, {}}}};
  EXPECT_OK(epoch_as_events(epoch, 0));
}

TEST(Settings, AreHyperParameters) {
  const auto file = settings_as_events(small_config(), 1);
  ASSERT_OK(file);
  const auto payloads = payloads_of(*file);
  ASSERT_EQ(payloads.size(), 2U);
  for (const char* text : {"_hparams_/session_start_info", "learning_rate", "validation/loss"}) {
    EXPECT_THAT(payloads[1], testing::HasSubstr(text));
  }
}

class TensorBoardRun : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    folder_ = new test::TemporaryFolder;
    const auto set = make_small_set(*folder_ / "set", 4);
    Config config = small_config();
    config.epochs = 2;
    config.tensorboard = true;
    EXPECT_OK(train_quietly(make_run(*folder_ / "run", config, set), set));
  }
  static void TearDownTestSuite() { delete folder_; }
  static inline test::TemporaryFolder* folder_ = nullptr;
};

TEST_F(TensorBoardRun, HasAFileForTheSettingsAndForEachEpoch) {
  for (int epoch = 0; epoch <= 2; ++epoch) {
    const auto file = read_file(event_file(*folder_ / "run", epoch), 1 << 24);
    ASSERT_OK(file);
    EXPECT_EQ(payloads_of(*file).size(), 2U);
  }
  EXPECT_FALSE(fs::exists(event_file(*folder_ / "run", 3)));
}

// Needs Python with the package `tensorboard`, named in BLOODCELL_TENSORBOARD_PYTHON.
TEST_F(TensorBoardRun, IsReadByTensorBoardItself) {
  const char* python = std::getenv("BLOODCELL_TENSORBOARD_PYTHON");
  if (python == nullptr) GTEST_SKIP() << "no BLOODCELL_TENSORBOARD_PYTHON";
  const char* script =
      "import sys\n"
      "from tensorboard.backend.event_processing import event_accumulator\n"
      "from tensorboard.plugins.hparams import plugin_data_pb2, metadata\n"
      "a = event_accumulator.EventAccumulator(sys.argv[1], size_guidance={'images': 0})\n"
      "a.Reload()\n"
      "t = a.Tags()\n"
      "print([e.step for e in a.Scalars('validation/loss')])\n"
      "print('weights/logits.weight' in t['histograms'], 'pictures/0' in t['images'])\n"
      "print(a.Histograms('weights/logits.weight')[0].histogram_value.num)\n"
      "data = a.SummaryMetadata('_hparams_/session_start_info').plugin_data.content\n"
      "print(metadata.parse_session_start_info_plugin_data(data)"
      ".hparams['architecture'].string_value)\n";
  const fs::path file = *folder_ / "read.py";
  ASSERT_OK(write_text(file, script));
  const std::string command =
      fmt::format("{} {} {} 2>{}", python, file.string(),
                  (*folder_ / "run" / "tensorboard").string(), (*folder_ / "errors").string());
  FILE* pipe = popen(command.c_str(), "r");
  ASSERT_NE(pipe, nullptr);
  std::string out;
  for (int c = fgetc(pipe); c != EOF; c = fgetc(pipe)) out += static_cast<char>(c);
  pclose(pipe);
  EXPECT_EQ(out, "[1, 2]\nTrue True\n224.0\ncompact\n") << bytes_of(*folder_ / "errors");
}

}  // namespace
}  // namespace bloodcell::train
