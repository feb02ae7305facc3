// The program itself, killed while decisions rain on it: what was answered is there afterwards.
#include <signal.h>

#include <atomic>
#include <cstdlib>
#include <mutex>
#include <regex>

#include <nlohmann/json.hpp>

#include <bloodcell/review/store.hpp>
#include <bloodcell/test/program.hpp>

#include "running_server.hpp"

namespace bloodcell::serve {
namespace {

using namespace bloodcell::test;
using nlohmann::json;

// BLOODCELL_KILLS sets it; docs/review.md has the result of fifty.
int kills() {
  const char* wanted = std::getenv("BLOODCELL_KILLS");
  return wanted == nullptr ? 3 : std::atoi(wanted);
}

struct Answered {
  std::int64_t cell = 0;
  std::string name;
};

class Killed : public ::testing::Test {
 protected:
  void start() {
    program = std::make_unique<Child>(
        "bloodcell", std::vector<std::string>{"serve", "--port", "0", "--quiet", "--review",
                                              (folder / "reviews").string(), "--model",
                                              (folder / "colour.onnx").string()});
    std::smatch found;
    static const std::regex kPort(":([0-9]+)/");
    for (int i = 0; i < 600 && !std::regex_search(program->out(), kPort); ++i)
      program->read_for(100);
    const std::string out = program->out();
    ASSERT_TRUE(std::regex_search(out, found, kPort)) << program->err();
    port = static_cast<std::uint16_t>(std::stoi(found[1]));
  }
  Got ask(std::string_view target, std::string_view type, std::string_view body) const {
    const Socket socket(port);
    socket.send(
        fmt::format("POST {} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
                    "Content-Type: {}\r\nContent-Length: {}\r\n\r\n{}",
                    target, type, body.size(), body));
    return parsed(socket.read());
  }
  Got ask(const std::string& below, const json& body) const {
    return ask("/api/v1/cases" + below, "application/json", body.dump());
  }
  // Until the server is gone.
  void review(std::int64_t cell) {
    constexpr std::array<const char*, 4> kNames{"red", "green", "blue", "no_cell"};
    for (std::size_t i = 0;; ++i) {
      const auto* name = kNames[i % kNames.size()];
      const auto got =
          ask("/" + key + "/decisions", {{"cell", cell}, {"class", name}, {"by", "Ada"}});
      if (got.status == 0) return;
      // An answer that was cut off by the kill is none.
      const auto answer = json::parse(got.body, nullptr, false);
      if (got.status != 200 || answer.is_discarded()) continue;
      const std::lock_guard lock(mutex);
      answered.push_back({cell, name});
      ++count;
    }
  }

  TemporaryFolder folder;
  std::unique_ptr<Child> program;
  std::uint16_t port = 0;
  std::string key;
  std::mutex mutex;
  std::vector<Answered> answered;  // guarded by mutex
  std::atomic<int> count{0};
};

TEST_F(Killed, LosesNoDecisionAndNoSignatureThatWasAnswered) {
  ASSERT_OK(model_file::save(colour_model(), folder / "colour.onnx"));
  std::size_t decisions = 0;
  std::size_t signatures = 0;
  for (int round = 0; round < kills(); ++round) {
    start();
    if (HasFatalFailure()) return;
    if (key.empty()) {
      key = json::parse(ask("", {{"name", "patient"}, {"by", "Ada"}}).body)["case"];
      const std::string form =
          form_part("r.png", png_of(kRed)) + form_part("g.png", png_of(kGreen)) + "--cut--\r\n";
      ASSERT_EQ(ask("/api/v1/cases/" + key + "/pictures?by=Ada",
                    "multipart/form-data; boundary=cut", form)
                    .status,
                200);
    } else if (round % 2 == 0) {
      ASSERT_EQ(ask("/" + key + "/reopening", {{"by", "Ada"}, {"reason", "again"}}).status, 200);
    }
    if (round % 2 == 1) {
      // Signed, and killed as soon as that was answered.
      std::int64_t revision = 0;
      {
        const auto store = review::Store::open(folder / "reviews");
        ASSERT_OK(store);
        revision = (*store)->read(key)->summary.revision;
      }
      ASSERT_EQ(ask("/" + key + "/signature", {{"by", "Ada"}, {"revision", revision}}).status, 200);
      program->signal(SIGKILL);
      program->wait();
      ++signatures;
      const auto store = review::Store::open(folder / "reviews");
      ASSERT_OK(store);
      EXPECT_TRUE((*store)->read(key)->summary.is_signed);
      EXPECT_EQ((*store)->verify()->fault, "");
      continue;
    }
    std::int64_t first = 0;
    std::size_t before = 0;
    {
      const auto store = review::Store::open(folder / "reviews");
      ASSERT_OK(store);
      first = (*store)->read(key)->cells.front().id;
      before = (*store)->trail(key)->size();
    }
    answered.clear();
    count = 0;
    std::thread one([&] { review(first); });
    std::thread two([&] { review(first + 1); });
    while (count < 5 + round % 7) std::this_thread::yield();
    program->signal(SIGKILL);
    program->wait();
    one.join();
    two.join();
    const auto store = review::Store::open(folder / "reviews");
    ASSERT_OK(store);
    const auto trail = (*store)->trail(key);
    ASSERT_OK(trail);
    // In each cell's own order the trail has what was answered, and one more at most.
    for (const std::int64_t cell : {first, first + 1}) {
      std::vector<std::string> told;
      for (std::size_t i = before; i < trail->size(); ++i) {
        if ((*trail)[i].subject == cell) told.push_back((*trail)[i].after);
      }
      std::vector<std::string> heard;
      for (const Answered& one_of : answered) {
        if (one_of.cell == cell) heard.push_back(one_of.name);
      }
      // The first may have been what the cell was called already: then it is no decision.
      if (!heard.empty() && (told.empty() || told.front() != heard.front())) {
        heard.erase(heard.begin());
      }
      ASSERT_LE(heard.size(), told.size());
      EXPECT_LE(told.size(), heard.size() + 1);
      EXPECT_TRUE(std::equal(heard.begin(), heard.end(), told.begin()));
      decisions += heard.size();
    }
    EXPECT_EQ((*store)->verify()->fault, "");
  }
  fmt::print("{} kills: {} decisions and {} signatures, none lost\n", kills(), decisions,
             signatures);
}

}  // namespace
}  // namespace bloodcell::serve
