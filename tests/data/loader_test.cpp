#include <bloodcell/data/loader.hpp>

#include <filesystem>
#include <map>
#include <numeric>
#include <set>

#include "small_sets.hpp"

namespace bloodcell::data {
namespace {

using ::testing::HasSubstr;

constexpr int kPictures = 11;

// Eleven pictures of two classes, each with its own gradient.
class LoaderOverElevenPictures : public ::testing::Test {
 protected:
  LoaderOverElevenPictures() {
    for (int i = 0; i < kPictures; ++i) {
      image::Image picture(20 + i, 16);
      for (std::size_t k = 0; k < picture.rgb.size(); ++k) {
        picture.rgb[k] = static_cast<std::uint8_t>((k * static_cast<std::size_t>(i + 3)) % 253);
      }
      write_picture(folder_ / fmt::format("{}/{:02}.png", i % 2 == 0 ? "ig" : "monocyte", i),
                    picture);
    }
    OwnContext own;
    auto opened = open_dataset(own.get(), folder_.path());
    EXPECT_TRUE(opened.has_value()) << to_text(opened.error());
    dataset_ = *opened;
    samples_.resize(kPictures);
    std::iota(samples_.begin(), samples_.end(), std::size_t{0});
    options_.preprocessing.width_px = 8;
    options_.preprocessing.height_px = 6;
    options_.batch = 4;
    options_.shuffle = true;
    options_.seed = 5;
    options_.augmentation = augmentation_named("turn").value();
  }

  static std::vector<Batch> rest_of(Loader& loader) {
    std::vector<Batch> batches;
    while (true) {
      auto batch = loader.next();
      EXPECT_TRUE(batch.has_value()) << to_text(batch.error());
      if (!batch || !*batch) return batches;
      batches.push_back(std::move(**batch));
    }
  }

  std::vector<Batch> epoch(std::uint64_t number, unsigned threads = 1, std::size_t first = 0,
                           std::uint64_t cache_bytes = 1 << 20) {
    OwnContext own(threads);
    own.limits.cache_bytes = cache_bytes;
    Loader loader(own.get(), dataset_, samples_, options_);
    loader.start(number, first);
    return rest_of(loader);
  }

  static void expect_same(const std::vector<Batch>& a, const std::vector<Batch>& b) {
    ASSERT_EQ(a.size(), b.size());
    for (std::size_t i = 0; i < a.size(); ++i) {
      EXPECT_EQ(a[i].images, b[i].images) << "batch " << i;
      EXPECT_EQ(a[i].labels, b[i].labels) << "batch " << i;
      EXPECT_EQ(a[i].samples, b[i].samples) << "batch " << i;
      EXPECT_EQ(a[i].count, b[i].count) << "batch " << i;
    }
  }

  test::TemporaryFolder folder_;
  Dataset dataset_;
  std::vector<std::size_t> samples_;
  LoaderOptions options_;
};

using Loading = LoaderOverElevenPictures;

TEST_F(Loading, GivesEachSampleOnceAndASmallerLastBatch) {
  const auto batches = epoch(0);
  ASSERT_EQ(batches.size(), 3U);
  EXPECT_EQ(batches[0].count, 4);
  EXPECT_EQ(batches[2].count, 3);
  EXPECT_EQ(batches[2].images.size(), 3U * 3 * 6 * 8);
  std::set<std::size_t> seen;
  for (const auto& batch : batches) {
    for (std::size_t i = 0; i < batch.samples.size(); ++i) {
      seen.insert(batch.samples[i]);
      EXPECT_EQ(batch.labels[i], dataset_.samples[batch.samples[i]].label);
    }
  }
  EXPECT_EQ(seen.size(), static_cast<std::size_t>(kPictures));
}

TEST_F(Loading, AnInputIsTheFrameAugmentedAndPreprocessed) {
  const auto batches = epoch(3);
  const std::size_t position = batches[1].samples[2];
  const Sample& sample = dataset_.samples[position];
  const auto frame = load_frame(dataset_, sample, options_.preprocessing, Limits{});
  ASSERT_OK(frame);
  const Random random(options_.seed, stream_of("augment"), 3 * kPictures + position);
  std::vector<float> expected(options_.preprocessing.input_values());
  image::preprocess(augment(*frame, options_.augmentation, random), options_.preprocessing,
                    expected);
  const auto begin = batches[1].images.begin() + static_cast<std::ptrdiff_t>(2 * expected.size());
  EXPECT_TRUE(std::equal(expected.begin(), expected.end(), begin));
}

TEST_F(Loading, ThreadsPrefetchAndCacheChangeNothing) {
  const auto reference = epoch(2);
  for (const unsigned threads : {1U, 2U, 5U}) {
    for (const int prefetch : {1, 4}) {
      for (const std::uint64_t cache_bytes : {0, 2'000, 1 << 20}) {
        options_.prefetch = prefetch;
        expect_same(reference, epoch(2, threads, 0, cache_bytes));
      }
    }
  }
}

TEST_F(Loading, AResumedEpochIsTheTailOfTheWholeOne) {
  const auto whole = epoch(4, 2);
  for (std::size_t first = 0; first <= 4; ++first) {
    const auto tail = epoch(4, 2, first);
    const auto from = static_cast<std::ptrdiff_t>(std::min<std::size_t>(first, whole.size()));
    expect_same(tail, {whole.begin() + from, whole.end()});
  }
}

TEST_F(Loading, AnotherEpochHasAnotherOrderAndOtherPictures) {
  const auto first = epoch(0);
  const auto second = epoch(1);
  EXPECT_NE(first[0].samples, second[0].samples);
  options_.shuffle = false;
  const auto plain_first = epoch(0);
  const auto plain_second = epoch(1);
  EXPECT_EQ(plain_first[0].samples, plain_second[0].samples);
  EXPECT_NE(plain_first[0].images, plain_second[0].images);
}

TEST_F(Loading, WithoutShuffleTheOrderIsTheLists) {
  options_.shuffle = false;
  samples_ = {7, 2, 9, 2};
  const auto batches = epoch(6);
  ASSERT_EQ(batches.size(), 1U);
  EXPECT_EQ(batches[0].samples, samples_);
}

TEST_F(Loading, OneLoaderServesEpochAfterEpoch) {
  OwnContext own(2);
  Loader loader(own.get(), dataset_, samples_, options_);
  EXPECT_EQ(loader.batches(), 3U);
  for (std::uint64_t number = 0; number < 3; ++number) {
    loader.start(number);
    expect_same(rest_of(loader), epoch(number));
    const auto after = loader.next();
    ASSERT_OK(after);
    EXPECT_FALSE(after->has_value());
  }
}

TEST_F(Loading, ASecondEpochNeedsNoFileThatIsCached) {
  const auto expected = epoch(1);
  OwnContext own;
  Loader loader(own.get(), dataset_, samples_, options_);
  loader.start(0);
  rest_of(loader);
  std::filesystem::remove_all(folder_.path());
  loader.start(1);
  expect_same(rest_of(loader), expected);
}

TEST_F(Loading, WithoutACacheASecondEpochReadsAgain) {
  OwnContext own;
  own.limits.cache_bytes = 0;
  Loader loader(own.get(), dataset_, samples_, options_);
  loader.start(0);
  rest_of(loader);
  std::filesystem::remove_all(folder_.path());
  loader.start(1);
  EXPECT_ERROR(loader.next(), ErrorCode::not_found);
}

TEST_F(Loading, StartingAnewDropsWhatIsInFlight) {
  const auto expected = epoch(1);
  for (const unsigned threads : {1U, 3U}) {
    OwnContext own(threads);
    Loader loader(own.get(), dataset_, samples_, options_);
    for (std::uint64_t i = 0; i < 20; ++i) {
      loader.start(i);
      if (i % 2 == 0) {
        EXPECT_OK(loader.next());
      }
    }
    loader.start(1);
    expect_same(rest_of(loader), expected);
  }
}

TEST_F(Loading, MayEndBeforeItsBatchesAreTaken) {
  for (const unsigned threads : {1U, 4U}) {
    for (std::size_t taken = 0; taken < 3; ++taken) {
      OwnContext own(threads);
      Loader loader(own.get(), dataset_, samples_, options_);
      loader.start(0);
      for (std::size_t i = 0; i < taken; ++i) EXPECT_OK(loader.next());
    }
  }
}

TEST_F(Loading, WorksWhileThePoolIsBusyWithItsCaller) {
  const auto expected = epoch(0);
  OwnContext own(2);
  const Context context = own.get();
  std::vector<std::vector<Batch>> made(4);
  context.pool.for_each(made.size(), [&](std::size_t i) {
    Loader loader(context, dataset_, samples_, options_);
    loader.start(0);
    made[i] = rest_of(loader);
  });
  for (const auto& batches : made) expect_same(batches, expected);
}

TEST_F(Loading, NamesTheFileThatCannotBeDecodedAndStaysFailed) {
  ASSERT_OK(write_text(folder_ / "ig/10.png", "not a picture"));
  options_.shuffle = false;
  for (const unsigned threads : {1U, 3U}) {
    OwnContext own(threads);
    Loader loader(own.get(), dataset_, samples_, options_);
    loader.start(0);
    EXPECT_OK(loader.next());
    const auto batch = loader.next();
    EXPECT_ERROR(batch, ErrorCode::malformed);
    EXPECT_THAT(batch.error().path, HasSubstr("10.png"));
    EXPECT_ERROR(loader.next(), ErrorCode::malformed);
  }
}

TEST_F(Loading, OfSeveralBrokenFilesNamesTheFirstOfTheBatch) {
  for (const auto* file : {"ig/00.png", "ig/02.png", "ig/04.png"}) {
    ASSERT_OK(write_text(folder_ / file, ""));
  }
  options_.shuffle = false;
  options_.batch = kPictures;
  OwnContext own(4);
  Loader loader(own.get(), dataset_, samples_, options_);
  loader.start(0);
  const auto batch = loader.next();
  ASSERT_FALSE(batch.has_value());
  EXPECT_THAT(batch.error().path, HasSubstr("00.png"));
}

TEST_F(Loading, StopsOnRequest) {
  OwnContext own(2);
  Loader loader(own.get(), dataset_, samples_, options_);
  loader.start(0);
  EXPECT_OK(loader.next());
  own.cancellation.request();
  EXPECT_ERROR(loader.next(), ErrorCode::cancelled);
}

TEST_F(Loading, OfNoSampleHasNoBatch) {
  samples_.clear();
  EXPECT_TRUE(epoch(0).empty());
}

TEST(LoadFrame, CutsTheBoxOfASample) {
  const test::TemporaryFolder folder;
  image::Image picture = plain_picture(30, 20, 10);
  picture.at(12, 8)[0] = 200;
  write_picture(folder / "a.png", picture);
  Dataset dataset;
  dataset.root = folder.path();
  image::Preprocessing preprocessing;
  preprocessing.width_px = preprocessing.height_px = 4;
  Sample sample;
  sample.file = "a.png";
  sample.box = image::Box{10, 5, 6, 7};
  const auto frame = load_frame(dataset, sample, preprocessing, Limits{});
  ASSERT_OK(frame);
  EXPECT_EQ(frame->width_px, 6);
  EXPECT_EQ(frame->height_px, 7);
  EXPECT_EQ(frame->at(2, 3)[0], 200);
  sample.box.reset();
  const auto whole = load_frame(dataset, sample, preprocessing, Limits{});
  ASSERT_OK(whole);
  EXPECT_EQ(*whole, picture);
}

TEST(LoadFrame, ABoxOutsideThePictureIsMalformed) {
  const test::TemporaryFolder folder;
  write_picture(folder / "a.png", plain_picture(30, 20, 10));
  Dataset dataset;
  dataset.root = folder.path();
  image::Preprocessing preprocessing;
  preprocessing.width_px = preprocessing.height_px = 4;
  for (const image::Box box :
       {image::Box{25, 0, 6, 5}, image::Box{0, 16, 5, 5}, image::Box{-1, 0, 5, 5},
        image::Box{0, 0, 0, 5}, image::Box{2147483647, 0, 2147483647, 5},
        image::Box{0, 60000, 5, 60000}}) {
    Sample sample;
    sample.file = "a.png";
    sample.box = box;
    const auto frame = load_frame(dataset, sample, preprocessing, Limits{});
    EXPECT_ERROR(frame, ErrorCode::malformed);
    EXPECT_THAT(frame.error().path, HasSubstr("a.png"));
  }
}

TEST_F(Loading, FollowsAnOrderOfTheCallersThatRepeatsPictures) {
  options_.epoch_images = 6;
  options_.order = [](std::uint64_t epoch) {
    return std::vector<std::size_t>{7, 7, 7, 7, epoch, 3};
  };
  for (const unsigned threads : {1U, 4U}) {
    const auto batches = epoch(2, threads);
    ASSERT_EQ(batches.size(), 2U);
    EXPECT_EQ(batches[0].samples, (std::vector<std::size_t>{7, 7, 7, 7}));
    EXPECT_EQ(batches[1].samples, (std::vector<std::size_t>{2, 3}));
    const auto& images = batches[0].images;
    const auto second = images.begin() + static_cast<std::ptrdiff_t>(images.size() / 4);
    EXPECT_FALSE(std::equal(images.begin(), second, second)) << "augmented alike twice";
    EXPECT_EQ(images, epoch(2, 1, 0, 0)[0].images);  // nothing cached, one thread
  }
}

}  // namespace
}  // namespace bloodcell::data
