// What the pipeline allocates for each picture once it runs: the program's operator new is this
// file's. Allocations are told apart by who calls: code of this program (ours, with what the
// compiler took into it of the standard library) or a shared library (the engine, OpenCV, codecs,
// libstdc++). What these get by malloc is not seen.

#include <atomic>
#include <cstdint>
#include <cstdlib>
#include <new>

#include <bloodcell/predict/predictor.hpp>
#include <bloodcell/test/blob_locator.hpp>
#include <bloodcell/test/colour_model.hpp>

extern "C" {
extern const char __executable_start;  // NOLINT: the linker's names
extern const char etext;               // NOLINT
}

namespace {

std::atomic<std::uint64_t> ours{0};
std::atomic<std::uint64_t> large{0};  // of ours: as a network's input
std::atomic<std::uint64_t> theirs{0};
std::atomic<std::int64_t> held{0};  // by anybody

constexpr std::size_t kLarge = 16'384;

void* take(std::size_t bytes, const void* caller) {
  const bool is_ours = caller >= &__executable_start && caller < &etext;
  (is_ours ? ours : theirs).fetch_add(1, std::memory_order_relaxed);
  if (is_ours && bytes >= kLarge) large.fetch_add(1, std::memory_order_relaxed);
  void* memory = std::malloc(bytes == 0 ? 1 : bytes);
  if (memory == nullptr) throw std::bad_alloc();
  held.fetch_add(1, std::memory_order_relaxed);
  return memory;
}

void release(void* memory) {
  if (memory == nullptr) return;
  held.fetch_sub(1, std::memory_order_relaxed);
  std::free(memory);
}

}  // namespace

void* operator new(std::size_t bytes) { return take(bytes, __builtin_return_address(0)); }
void* operator new[](std::size_t bytes) { return take(bytes, __builtin_return_address(0)); }
void operator delete(void* memory) noexcept { release(memory); }
void operator delete[](void* memory) noexcept { release(memory); }
void operator delete(void* memory, std::size_t) noexcept { release(memory); }
void operator delete[](void* memory, std::size_t) noexcept { release(memory); }

namespace bloodcell::predict {
namespace {

struct Seen {
  std::uint64_t ours = 0;
  std::uint64_t large = 0;
  std::uint64_t theirs = 0;
  std::int64_t held = 0;
};

image::Image field(int shift) {
  auto picture = test::flat(128, 96, {230, 230, 230});
  test::draw_square(picture, 72 + shift, 20, 32, {0, 0, 90});
  test::draw_square(picture, 12, 40 + shift, 32, {90, 0, 0});
  return picture;
}

model_file::ModelFile model_of_one() {
  auto description = test::colour_model().description;
  description.preprocessing.cell_margin = 1;
  return model_file::with_locator(test::colour_model(description), test::blob_locator()).value();
}

// Each cell is read again, by a network whose input is large, and its picture is not.
model_file::ModelFile model_of_two() {
  return model_file::with_second(model_of_one(), test::next_colour_model(48, 1), 1, 0.5).value();
}

// What each of the pictures takes, one after the other.
std::vector<Seen> for_each_of(int pictures, const model_file::ModelFile& model) {
  OwnContext own;
  const auto predictor = Predictor::open(own.get(), model).value();
  std::vector<Seen> seen(static_cast<std::size_t>(pictures));
  for (int i = 0; i < pictures; ++i) {
    const auto picture = field(i % 5);
    const Seen before{ours, large, theirs, held};
    {
      const auto rows = predictor.classify(picture, "field");
      EXPECT_EQ(rows.value().size(), 2U);
    }
    seen[static_cast<std::size_t>(i)] = {ours - before.ours, large - before.large,
                                         theirs - before.theirs, held - before.held};
  }
  return seen;
}

void expect_steady(const model_file::ModelFile& model) {
  const auto seen = for_each_of(40, model);
  const Seen& second = seen[1];
  for (std::size_t i = 1; i < seen.size(); ++i) {
    EXPECT_EQ(seen[i].ours, second.ours) << "picture " << i;
    EXPECT_EQ(seen[i].large, second.large) << "picture " << i;
    EXPECT_EQ(seen[i].held, 0) << "picture " << i;
  }
  EXPECT_EQ(second.large, 0U) << "the networks' inputs are kept from one picture to the next";
  std::printf("a picture of two cells: %d allocations of ours (%d large), %d of libraries\n",
              static_cast<int>(second.ours), static_cast<int>(second.large),
              static_cast<int>(second.theirs));
}

TEST(SteadyState, EveryPictureAfterTheFirstTakesTheSameAndKeepsNothing) {
  expect_steady(model_of_one());
}

TEST(SteadyState, NorDoesASecondReading) { expect_steady(model_of_two()); }

}  // namespace
}  // namespace bloodcell::predict
