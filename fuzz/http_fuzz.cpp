// Any bytes as a request: refused, or taken apart into parts that lie within what was sent, and
// answered by its route without a fault of the server's own.
#include <unistd.h>

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <mutex>
#include <string_view>

#include <boost/asio/buffer.hpp>
#include <nlohmann/json.hpp>

#include <bloodcell/data/split.hpp>
#include <bloodcell/graph/builder.hpp>
#include <bloodcell/image/encode.hpp>
#include <bloodcell/serve/api.hpp>
#include <bloodcell/serve/multipart.hpp>
#include <bloodcell/serve/problem.hpp>
#include <bloodcell/tune/sqlite_storage.hpp>

#include <message.hpp>

namespace {

namespace fs = std::filesystem;
using namespace bloodcell;

constexpr std::size_t kMostParts = 8;
constexpr int kInputsAStore = 2000;
constexpr std::string_view kCase = "000000000000";  // stands for the case that there is

void require(bool holds) {
  if (!holds) std::abort();
}
template <class T>
T have(Result<T> result) {
  if (!result) std::fprintf(stderr, "%s\n", to_text(result.error()).c_str());
  require(result.has_value());
  return std::move(*result);
}

// Logits are the means of the channels.
model_file::ModelFile colour_model() {
  graph::Builder net("colour", {3, 8, 8});
  net.dense("logits", net.global_average_pool(net.input()), 3);
  graph::Weights weights;
  weights["logits.weight"] = {{3, 3}, {10, 0, 0, 0, 10, 0, 0, 0, 10}};
  weights["logits.bias"] = {{3}, {0, 0, 0}};
  model_file::Description description;
  description.name = "colour";
  description.architecture = "colour";
  description.labels = {"red", "green", "blue"};
  description.preprocessing.width_px = 8;
  description.preprocessing.height_px = 8;
  description.provenance = nlohmann::json::object();
  return have(model_file::make(have(std::move(net).build()), weights, description));
}

class Answered final : public serve::Reply {
 public:
  void send(serve::Response response) override {
    check(response);
    end();
  }
  void begin(serve::Response head) override { check(head); }
  void write(std::string) override {}
  void end() override {
    const std::lock_guard lock(mutex_);
    is_over_ = true;
    over_.notify_all();
  }
  [[nodiscard]] bool is_wanted() const override { return true; }

  static void check(const serve::Response& response) {
    require(response.status >= 200 && response.status < 600 && response.status != 500);
    const bool is_json = response.type.find("json") != std::string::npos &&
                         response.type.find("ndjson") == std::string::npos;
    if (is_json && !response.body.empty()) require(nlohmann::json::accept(response.body));
  }
  void wait() {
    std::unique_lock lock(mutex_);
    over_.wait(lock, [this] { return is_over_; });
  }

 private:
  std::mutex mutex_;
  std::condition_variable over_;
  bool is_over_ = false;
};

// All routes over a server's parts, without its network.
class House {
 public:
  House() : folder_(made_folder()) {
    options_.max_body_bytes = 1 << 16;
    have(model_file::save(colour_model(), folder_ / "colour.onnx").map([] { return 0; }));
    shelf_ = have(
        serve::ModelShelf::fill(context_, {}, folder_ / "colour.onnx",
                                [this](const fs::path& path) -> Result<predict::Predictor> {
                                  BC_ASSIGN(auto file, model_file::load(path, context_.limits));
                                  return predict::Predictor::open(context_, std::move(file));
                                }));
    explainers_ = std::make_unique<serve::Explainers>(
        [this](const serve::ShelvedModel& model) -> Result<explain::Explainer> {
          BC_ASSIGN(const auto file, model_file::load(model.path, context_.limits));
          return explain::Explainer::open(context_, file, {.heat = {.masks = 4}});
        });
    batcher_ = std::make_unique<serve::Batcher>(1, 4, 16, context_.limits, counters_);
    services_.emplace(serve::Services{context_, options_, *shelf_, *batcher_, counters_});
    services_->explainers = explainers_.get();
    services_->shown = shown();
    renew();
  }
  ~House() {
    reviews_.reset();
    std::error_code ignored;
    fs::remove_all(folder_, ignored);
  }
  House(const House&) = delete;
  House& operator=(const House&) = delete;

  void answer(serve::Request request) {
    if (++inputs_ % kInputsAStore == 0) renew();
    if (const auto at = request.sent_path.find(kCase); at != std::string::npos) {
      request.sent_path.replace(at, kCase.size(), key_);
    }
    auto found = router_.find(request.method, request.sent_path);
    if (found.route == nullptr) return;
    request.captured = std::move(found.captured);
    if (found.route->answer) {
      const auto response = found.route->answer(request);
      Answered::check(response ? *response : serve::problem(response.error(), "id"));
      return;
    }
    const auto reply = std::make_shared<Answered>();
    found.route->talk(std::make_shared<const serve::Request>(std::move(request)), reply);
    reply->wait();
  }

 private:
  static fs::path made_folder() {
    std::string name =
        fs::is_directory("/dev/shm") ? "/dev/shm/http_fuzz.XXXXXX" : "/tmp/http_fuzz.XXXXXX";
    require(::mkdtemp(name.data()) != nullptr);
    return name;
  }

  // A run, a study, a set, an evaluation.
  serve::Shown shown() {
    data::Split split;
    split.method = "by family";
    split.labels = {"ig"};
    split.entries.push_back({"1.png", "ig", "f1", std::string(64, 'a'), "validation"});
    have(write_text(folder_ / "runs/first/config.json", R"({"architecture":"compact",
        "preprocessing":{"width_px":96,"height_px":64}})")
             .map([] { return 0; }));
    have(write_text(folder_ / "runs/first/split.json", data::to_json_text(split)).map([] {
      return 0;
    }));
    have(write_text(folder_ / "runs/first/history.jsonl",
                    "{\"epoch\":1,\"train_loss\":0.5,\"validation_loss\":0.6,"
                    "\"validation_accuracy\":0.5,\"validation_family_accuracy\":1.0,"
                    "\"validation_macro_f1\":0.4,\"seconds\":2.5}\n")
             .map([] { return 0; }));
    const auto study = have(tune::sqlite_storage(folder_ / "study.db"));
    have(study->create_study("search", {tune::Direction::maximize}));
    image::Image picture(16, 12);
    const auto png = have(image::encode_png(picture));
    for (const char* label : {"red", "blue"}) {
      have(write_file(folder_ / "cells" / label / "a.png", png).map([] { return 0; }));
    }
    have(write_text(folder_ / "evaluations/mine/report.json", R"({"report":{}})").map([] {
      return 0;
    }));
    have(write_text(folder_ / "evaluations/mine/report.html", "<p>mine").map([] { return 0; }));
    return {folder_ / "runs",
            folder_ / "study.db",
            {{"cells", folder_ / "cells"}},
            {{"cells", folder_ / "runs/first/split.json"}},
            folder_ / "evaluations"};
  }

  void renew() {
    router_ = {};
    reviews_.reset();
    std::error_code ignored;
    fs::remove_all(folder_ / "reviews", ignored);
    review::Bounds bounds;
    bounds.max_cases = 20;
    bounds.max_case_pictures = 4;
    reviews_ = have(review::Store::open(folder_ / "reviews", bounds));
    key_ = have(reviews_->create("fuzzed", {"red", "green", "blue"}, "Ada")).key;
    services_->reviews = reviews_.get();
    router_ = serve::make_router(*services_);
  }

  const fs::path folder_;
  OwnContext own_{1};
  Context context_ = own_.get();
  serve::Options options_;
  serve::Counters counters_;
  std::unique_ptr<serve::ModelShelf> shelf_;
  std::unique_ptr<serve::Explainers> explainers_;
  std::unique_ptr<review::Store> reviews_;
  std::unique_ptr<serve::Batcher> batcher_;
  std::optional<serve::Services> services_;
  serve::Router router_;
  std::string key_;
  int inputs_ = 0;
};

void check_parts(std::string_view type, std::string_view body) {
  const auto parts = serve::parse_multipart(type, body, kMostParts);
  if (!parts) return;
  require(parts->size() <= kMostParts);
  for (const serve::Part& part : *parts) {
    require(part.content.empty() ||
            (part.content.data() >= body.data() &&
             part.content.data() + part.content.size() <= body.data() + body.size()));
    require(part.filename.find_first_of("/\\") == std::string::npos);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static House house;
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  check_parts("multipart/form-data; boundary=cut", bytes);
  serve::Options options;
  options.max_body_bytes = 1 << 16;
  serve::Parser parser;
  serve::limit(parser, options);
  parser.eager(true);
  boost::beast::error_code error;
  parser.put(boost::asio::buffer(bytes.data(), bytes.size()), error);
  if (error) (void)serve::refusal_of(error, "id");
  if (!parser.is_header_done()) return 0;
  serve::Request request;
  if (!serve::take_head(parser, request)) return 0;
  require(request.path.starts_with('/'));
  require(parser.get().body().size() <= options.max_body_bytes);
  check_parts(request.header("content-type"), parser.get().body());
  request.body = parser.get().body();
  house.answer(std::move(request));
  return 0;
}
