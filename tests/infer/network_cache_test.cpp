#include <network_cache.hpp>

#include <filesystem>
#include <thread>

#include <bloodcell/base/files.hpp>
#include <bloodcell/graph/builder.hpp>

#include "sessions.hpp"

namespace bloodcell::infer {
namespace {

namespace fs = std::filesystem;
using test::TemporaryFolder;

std::vector<fs::path> files_in(const fs::path& folder) {
  std::vector<fs::path> files;
  for (const auto& entry : fs::directory_iterator(folder)) files.push_back(entry.path());
  return files;
}

std::string text_of(const CachedNetwork& network) {
  const auto bytes = network.network();
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

TEST(NetworkCache, FindsWhatWasKeptUnderItsKeyAlone) {
  const TemporaryFolder folder;
  const NetworkCache cache(folder / "new");
  EXPECT_FALSE(cache.find("a"));
  cache.keep("a", {2, {1.5F, -3.0F}}, "the network");
  const auto found = cache.find("a");
  ASSERT_TRUE(found);
  EXPECT_EQ(text_of(*found), "the network");
  EXPECT_EQ(found->head.values, 2U);
  EXPECT_EQ(found->head.weights, (std::vector<float>{1.5F, -3.0F}));
  EXPECT_FALSE(cache.find("b"));
}

TEST(NetworkCache, OffKeepsAndFindsNothing) {
  const NetworkCache cache{fs::path()};
  EXPECT_TRUE(cache.is_off());
  cache.keep("a", {}, "x");
  EXPECT_FALSE(cache.find("a"));
}

TEST(NetworkCache, ADamagedFileIsAsIfItWereNotThere) {
  const TemporaryFolder folder;
  const NetworkCache cache(folder.path());
  cache.keep("a", {1, {7.0F}}, "some bytes of a network");
  const fs::path file = files_in(folder.path()).at(0);
  const Bytes whole = read_file(file, 1 << 20).value();
  for (std::size_t i = 0; i < whole.size(); ++i) {
    Bytes flipped = whole;
    flipped[i] ^= std::byte{0x10};
    ASSERT_OK(write_file(file, flipped));
    EXPECT_FALSE(cache.find("a")) << "byte " << i;
    ASSERT_OK(write_file(file, std::span(whole).first(i)));
    EXPECT_FALSE(cache.find("a")) << "cut to " << i;
  }
  ASSERT_OK(write_file(file, whole));
  EXPECT_TRUE(cache.find("a"));
}

TEST(NetworkCache, AFolderThatCannotBeMadeKeepsNothing) {
  const TemporaryFolder folder;
  ASSERT_OK(write_text(folder / "file", "in the way"));
  const NetworkCache cache(folder / "file");
  cache.keep("a", {}, "x");
  EXPECT_FALSE(cache.find("a"));
}

TEST(NetworkCache, TheLongestUnusedMakeRoom) {
  const TemporaryFolder folder;
  const NetworkCache cache(folder.path());
  ASSERT_OK(write_text(folder / "other.txt", "not ours"));
  cache.keep("first", {}, "x");
  for (const auto& file : files_in(folder.path())) {
    fs::last_write_time(file, fs::file_time_type::clock::now() - std::chrono::hours(1));
  }
  for (std::size_t i = 0; i < NetworkCache::kMostNetworks; ++i) {
    cache.keep(fmt::format("key {}", i), {}, "x");
  }
  EXPECT_EQ(files_in(folder.path()).size(), NetworkCache::kMostNetworks + 1);
  EXPECT_FALSE(cache.find("first"));
  EXPECT_TRUE(cache.find("key 0"));
  EXPECT_TRUE(fs::exists(folder / "other.txt"));
}

graph::Graph small() {
  graph::Builder net("small", {3, 12, 12});
  const auto conv = net.relu(net.conv2d("conv", net.input(), {.out_channels = 8}));
  net.dense("logits", net.global_average_pool(conv), 5);
  return *std::move(net).build();
}

class CachedSession : public testing::Test {
 protected:
  Result<Session> open(bool keep_embedding = false) {
    return Session::open(model_,
                         {.cache_folder = folder_ / "cache", .keep_embedding = keep_embedding});
  }

  TemporaryFolder folder_;
  graph::Graph graph_ = small();
  model_file::ModelFile model_ = *test::model_of(graph_, test::random_weights(graph_));
  std::vector<float> images_ = test::random_images(graph_, 2);
};

// What a file says beside its network changes nothing in it.
TEST_F(CachedSession, KnowsANetworkByItsGraph) {
  ASSERT_OK(open());
  auto description = model_.description;
  description.name = "another";
  model_ = model_file::with_description(model_, description).value();
  EXPECT_EQ(model_.onnx_versions, "7 13");
  ASSERT_OK(open());
  EXPECT_EQ(files_in(folder_ / "cache").size(), 1U);
}

TEST_F(CachedSession, GivesTheSameLogitsEmbeddingsAndHead) {
  const auto compiled = open(true);
  ASSERT_OK(compiled);
  const auto recalled = open(true);
  ASSERT_OK(recalled);
  EXPECT_EQ(files_in(folder_ / "cache").size(), 1U);
  const auto first = compiled->look(images_, 2);
  const auto second = recalled->look(images_, 2);
  ASSERT_OK(first);
  ASSERT_OK(second);
  EXPECT_EQ(first->logits, second->logits);
  EXPECT_EQ(first->embedding, second->embedding);
  EXPECT_EQ(compiled->head().weights, recalled->head().weights);
  EXPECT_EQ(recalled->head().values, 8U);
  ASSERT_OK(open(false));  // another network: without that output
  EXPECT_EQ(files_in(folder_ / "cache").size(), 2U);
}

TEST_F(CachedSession, ReplacesAFileThatTheEngineDoesNotTake) {
  const auto compiled = open();
  ASSERT_OK(compiled);
  const fs::path file = files_in(folder_ / "cache").at(0);
  const Bytes good = read_file(file, 1 << 24).value();
  // Sound as a file, but no network: as an engine of another build might have written.
  const TemporaryFolder other;
  NetworkCache(other.path()).keep("x", {}, "no network at all");
  fs::copy_file(files_in(other.path()).at(0), file, fs::copy_options::overwrite_existing);
  const auto again = open();
  ASSERT_OK(again);
  EXPECT_EQ(*again->run(images_, 2), *compiled->run(images_, 2));
  EXPECT_GT(fs::file_size(file), good.size() / 2);
}

TEST_F(CachedSession, SharesItsFolderWithOthersThatDeleteIt) {
  const auto expected = open()->run(images_, 2);
  ASSERT_OK(expected);
  std::vector<std::thread> threads;
  std::vector<std::vector<float>> logits(4);
  for (std::size_t i = 0; i < logits.size(); ++i) {
    threads.emplace_back([&, i] {
      for (int round = 0; round < 3; ++round) {
        std::error_code ignored;  // files come and go under its hands
        if (i == 0) fs::remove_all(folder_ / "cache", ignored);
        const auto session = open();
        if (session) logits[i] = session->run(images_, 2).value();
      }
    });
  }
  for (auto& thread : threads) thread.join();
  for (const auto& given : logits) EXPECT_EQ(given, *expected);
}

}  // namespace
}  // namespace bloodcell::infer
