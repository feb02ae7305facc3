// A server on a free port with the colour model, and a client that sends any bytes.
#pragma once

#include <arpa/inet.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <string>
#include <thread>

#include <bloodcell/data/split.hpp>
#include <bloodcell/serve/api.hpp>
#include <bloodcell/serve/server.hpp>
#include <bloodcell/test/colour_model.hpp>
#include <bloodcell/tune/database_storage.hpp>

namespace bloodcell::test {

class Socket {
 public:
  explicit Socket(std::uint16_t port) : file_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const timeval most{20, 0};
    ::setsockopt(file_, SOL_SOCKET, SO_RCVTIMEO, &most, sizeof most);
    is_open_ = ::connect(file_, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0;
  }
  ~Socket() { ::close(file_); }
  Socket(const Socket&) = delete;
  Socket& operator=(const Socket&) = delete;

  [[nodiscard]] bool is_open() const { return is_open_; }
  void send(std::string_view bytes) const {
    while (!bytes.empty()) {
      const auto sent = ::send(file_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent <= 0) return;
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
  }
  void end_sending() const { ::shutdown(file_, SHUT_WR); }
  // Until the server closes, or `until` has been read.
  [[nodiscard]] std::string read(std::string_view until = "") const {
    std::string text;
    char buffer[8192];
    while (until.empty() || text.find(until) == std::string::npos) {
      const auto got = ::recv(file_, buffer, sizeof buffer, 0);
      if (got <= 0) break;
      text.append(buffer, static_cast<std::size_t>(got));
    }
    return text;
  }

 private:
  int file_;
  bool is_open_ = false;
};

struct Got {
  int status = 0;  // 0: closed without an answer
  std::string head;
  std::string body;
};

inline Got parsed(const std::string& text) {
  Got got;
  const auto end = text.find("\r\n\r\n");
  if (!text.starts_with("HTTP/1.1 ") || end == std::string::npos) return got;
  got.status = std::stoi(text.substr(9, 3));
  got.head = text.substr(0, end);
  got.body = text.substr(end + 4);
  return got;
}

class RunningServer {
 public:
  explicit RunningServer(serve::Options options = {}, bool keeps_reviews = true)
      : options_(std::move(options)) {
    options_.port = 0;
    const auto model = folder_ / "colour.onnx";
    EXPECT_TRUE(model_file::save(colour_model(), model).has_value());
    EXPECT_TRUE(model_file::save(colour_model(0.999), folder_ / "strict.onnx").has_value());
    EXPECT_TRUE(model_file::save(colour_model_of_two(), folder_ / "two.onnx").has_value());
    const auto open = [this](const std::filesystem::path& path) -> Result<predict::Predictor> {
      BC_ASSIGN(auto file, model_file::load(path, context_.limits));
      return predict::Predictor::open(context_, std::move(file));
    };
    const std::vector<std::filesystem::path> files{model, folder_ / "strict.onnx",
                                                   folder_ / "two.onnx"};
    shelf_ = serve::ModelShelf::fill(context_, files, model, open).value();
    batcher_ = std::make_unique<serve::Batcher>(2, options_.batch, options_.max_waiting_pictures,
                                                context_.limits, counters_);
    services_ = std::make_unique<serve::Services>(
        serve::Services{context_, options_, *shelf_, *batcher_, counters_});
    if (keeps_reviews) {
      reviews_ = review::Store::open(folder_ / "reviews").value();
      services_->reviews = reviews_.get();
    }
    explainers_ = std::make_unique<serve::Explainers>([this](const serve::ShelvedModel& of) {
      return explain::Explainer::open(context_, model_file::load(of.path, context_.limits).value(),
                                      {.neighbours = 2}, known_cells(of.description));
    });
    services_->explainers = explainers_.get();
    services_->shown = shown();
    services_->is_stopping = [this] { return server_->is_stopping(); };
    router_ = serve::make_router(*services_);
    workers_ = std::make_unique<serve::Workers>(2, options_.max_waiting_requests);
    server_ = serve::Server::open(options_, router_, *workers_, counters_, context_.log).value();
    thread_ = std::thread([this] { server_->run(cancellation_); });
  }
  ~RunningServer() {
    stop();
    server_.reset();
  }
  RunningServer(const RunningServer&) = delete;
  RunningServer& operator=(const RunningServer&) = delete;

  void ask_to_stop() { cancellation_.request(); }
  void stop() {
    ask_to_stop();
    if (thread_.joinable()) thread_.join();
  }
  [[nodiscard]] std::uint16_t port() const { return server_->port(); }
  [[nodiscard]] const serve::Router& router() const { return router_; }

  [[nodiscard]] Got raw(std::string_view bytes) const {
    const Socket socket(port());
    socket.send(bytes);
    socket.end_sending();
    return parsed(socket.read());
  }
  [[nodiscard]] Got ask(std::string_view method, std::string_view target,
                        std::string_view headers = "", std::string_view body = "") const {
    return raw(
        fmt::format("{} {} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n{}"
                    "Content-Length: {}\r\n\r\n{}",
                    method, target, headers, body.size(), body));
  }

 private:
  // Three a class, each a little different.
  static explain::CellIndex known_cells(const model_file::Description& of) {
    explain::CellIndex index{of.name, of.graph_sha256, "CC0", 3, {}, {}};
    for (std::size_t i = 0; i < 9; ++i) {
      const auto thumbnail = image::encode_png(flat(8, 8, {200, 200, 200})).value();
      index.cells.push_back({fmt::format("{}.png", i), of.labels[i / 3], "here", thumbnail});
      for (std::size_t value = 0; value < 3; ++value) {
        const float wobble = 0.01F * static_cast<float>((3 * i + value * value) % 7);
        index.embeddings.push_back(wobble + (value == i / 3 ? 0.9F : 0.0F));
      }
    }
    return index;
  }

  // A run of one epoch, a study of one trial, a set of two pictures.
  serve::Shown shown() {
    data::Split split;
    split.method = "by family";
    split.labels = {"ig", "monocyte"};
    split.entries.push_back({"1.png", "ig", "f1", std::string(64, 'a'), "validation"});
    const auto run = folder_ / "runs" / "first";
    EXPECT_OK(
        write_text(run / "config.json",
                   R"({"architecture":"compact","preprocessing":{"width_px":96,"height_px":64}})"));
    EXPECT_OK(write_text(run / "split.json", data::to_json_text(split)));
    EXPECT_OK(write_text(run / "history.jsonl",
                         "{\"epoch\":1,\"train_loss\":0.5,\"validation_loss\":0.6,"
                         "\"validation_accuracy\":0.5,\"validation_family_accuracy\":1.0,"
                         "\"validation_macro_f1\":0.4,\"seconds\":2.5}\n"));
    const auto study = tune::sqlite_storage(folder_ / "study.db").value();
    const auto info = study->create_study("search/first", {tune::Direction::maximize}).value();
    tune::TrialRecord trial;
    trial.state = tune::TrialState::complete;
    trial.values = {0.5};
    EXPECT_OK(study->add_trial(info.id, trial));
    for (const char* name : {"red", "green"}) {
      const auto bytes = image::encode_png(flat(16, 12, {200, 60, 60})).value();
      EXPECT_OK(write_file(folder_ / "cells" / name / (std::string(name) + ".png"), bytes));
    }
    EXPECT_OK(write_text(folder_ / "foreign.db", "no study"));  // beside it, to be skipped
    EXPECT_OK(write_text(folder_ / "evaluations/mine/report.json",
                         R"({"format":1,"model":"wbc","data":"cells/","report":{"image_accuracy":)"
                         R"({"value":0.5,"right":1,"of":2}}})"));
    EXPECT_OK(write_text(folder_ / "evaluations/mine/report.html", "<!DOCTYPE html><p>mine"));
    EXPECT_OK(write_text(folder_ / "evaluations/other/notes.txt", "nothing of ours"));
    split.entries.push_back({"2.png", "monocyte", "f1", std::string(64, 'b'), "train"});
    EXPECT_OK(write_text(folder_ / "cells.split.json", data::to_json_text(split)));
    return {folder_ / "runs",
            folder_.path(),
            {{"cells", folder_ / "cells"}},
            {{"cells", folder_ / "cells.split.json"}},
            folder_ / "evaluations"};
  }

  TemporaryFolder folder_;
  OwnContext own_{2};
  Context context_ = own_.get();
  Cancellation cancellation_;
  serve::Options options_;
  serve::Counters counters_;
  std::unique_ptr<serve::ModelShelf> shelf_;
  std::unique_ptr<serve::Explainers> explainers_;
  std::unique_ptr<review::Store> reviews_;
  std::unique_ptr<serve::Batcher> batcher_;
  std::unique_ptr<serve::Services> services_;
  serve::Router router_;
  std::unique_ptr<serve::Workers> workers_;
  std::unique_ptr<serve::Server> server_;
  std::thread thread_;
};

inline std::string png_of(std::array<std::uint8_t, 3> colour) {
  const Bytes bytes = image::encode_png(flat(16, 12, colour)).value();
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

inline std::string form_part(std::string_view name, std::string_view content) {
  return fmt::format(
      "--cut\r\nContent-Disposition: form-data; name=\"file\"; filename=\"{}\"\r\n"
      "Content-Type: image/png\r\n\r\n{}\r\n",
      name, content);
}
inline constexpr std::string_view kFormType = "Content-Type: multipart/form-data; boundary=cut\r\n";

}  // namespace bloodcell::test
