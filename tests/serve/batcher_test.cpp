#include <bloodcell/serve/batcher.hpp>

#include <gtest/gtest.h>

#include <future>

#include "running_server.hpp"

namespace bloodcell::serve {
namespace {

using namespace bloodcell::test;
using namespace std::chrono_literals;

std::string blank(int width_px, int height_px) {
  const Bytes bytes = image::encode_png(flat(width_px, height_px, kRed)).value();
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

class Batching : public ::testing::Test {
 protected:
  // Nobody wants it, so that it is answered without a network; `done` still is called.
  static Picture picture(std::string_view bytes, std::function<void()> done) {
    return {"a.png",
            bytes,
            nullptr,
            nullptr,
            [] { return false; },
            [done = std::move(done)](const std::vector<predict::Row>&) { done(); }};
  }

  const std::string small_ = blank(16, 12);
  const std::string large_ = blank(3000, 2000);
  Counters counters_;
};

TEST_F(Batching, LetsASmallPicturePassThoseThatTakeACoreLong) {
  std::promise<void> small_is_done;
  const auto passed = small_is_done.get_future().share();
  std::atomic<int> in_time = 0;
  {
    Batcher batcher(2, 16, 64, {}, counters_);
    std::vector<Picture> pictures;
    for (int i = 0; i < 4; ++i) {
      pictures.push_back(
          picture(large_, [&] { in_time += passed.wait_for(20s) == std::future_status::ready; }));
    }
    pictures.push_back(picture(small_, [&] { small_is_done.set_value(); }));
    ASSERT_TRUE(batcher.offer(std::move(pictures)));
    EXPECT_EQ(passed.wait_for(60s), std::future_status::ready);
  }
  EXPECT_EQ(in_time, 4);
}

TEST_F(Batching, HasOneThreadDoLargePicturesToo) {
  std::atomic<int> answered = 0;
  {
    Batcher batcher(1, 16, 64, {}, counters_);
    ASSERT_TRUE(
        batcher.offer({picture(large_, [&] { ++answered; }), picture(small_, [&] { ++answered; }),
                       picture(large_, [&] { ++answered; })}));
  }
  EXPECT_EQ(answered, 3);
}

TEST_F(Batching, AnswersAllThatItTookBeforeItEnds) {
  std::atomic<int> answered = 0;
  {
    Batcher batcher(3, 16, 64, {}, counters_);
    std::vector<Picture> pictures;
    for (int i = 0; i < 40; ++i)
      pictures.push_back(picture(i % 2 == 0 ? large_ : small_, [&] { ++answered; }));
    ASSERT_TRUE(batcher.offer(std::move(pictures)));
  }
  EXPECT_EQ(answered, 40);
}

TEST_F(Batching, TakesAllPicturesOfARequestOrNone) {
  std::promise<void> go;
  const auto gone = go.get_future().share();
  std::atomic<int> answered = 0;
  Batcher batcher(1, 1, 2, {}, counters_);
  const auto waiting = [&] { return picture(small_, [&] { gone.wait(), ++answered; }); };
  EXPECT_FALSE(batcher.offer({waiting(), waiting(), waiting()}));
  EXPECT_EQ(batcher.waiting(), 0U);
  EXPECT_TRUE(batcher.offer({waiting(), waiting()}));
  go.set_value();
}

}  // namespace
}  // namespace bloodcell::serve
