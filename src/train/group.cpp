#include <bloodcell/train/group.hpp>

#include <algorithm>
#include <exception>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

#include <torch/types.h>
#include <torch/version.h>

// This libtorch may have come without the headers of what it links: src/train/CMakeLists.txt looks.
#ifdef USE_C10D_GLOO
#include <torch/csrc/distributed/c10d/ProcessGroupGloo.hpp>
#endif
#ifdef USE_C10D_NCCL
#include <torch/csrc/distributed/c10d/ProcessGroupNCCL.hpp>
#endif
#include <torch/csrc/distributed/c10d/PrefixStore.hpp>
#include <torch/csrc/distributed/c10d/ProcessGroup.hpp>
#include <torch/csrc/distributed/c10d/TCPStore.hpp>

namespace bloodcell::train {
namespace {

using std::chrono::milliseconds;
using torch::Tensor;
using Clock = std::chrono::steady_clock;

#if TORCH_VERSION_MAJOR >= 2
using Backend = c10d::Backend;
#else
using Backend = c10d::ProcessGroup;
#endif

constexpr std::size_t kMostWords = 500;

std::string first_line(const std::exception& error) {
  const std::string text = error.what();
  return text.substr(0, std::min(text.find('\n'), kMostWords));
}

bool is_own_machine(const std::string& address) {
  return address == "localhost" || address == "::1" || address.starts_with("127.");
}

#ifdef USE_C10D_GLOO
c10::intrusive_ptr<Backend> gloo(const c10::intrusive_ptr<c10d::Store>& store, const Place& place,
                                 milliseconds limit) {
  using Gloo = c10d::ProcessGroupGloo;
  auto options = Gloo::Options::create(limit);
  // The name that PyTorch knows, too.
  if (const char* interface = std::getenv("GLOO_SOCKET_IFNAME")) {
    options->devices.push_back(Gloo::createDeviceForInterface(interface));
  } else if (is_own_machine(place.address)) {
    options->devices.push_back(Gloo::createDeviceForHostname("127.0.0.1"));
  } else {
    options->devices.push_back(Gloo::createDefaultDevice());
  }
  options->threads = 2;
  return c10::make_intrusive<Gloo>(store, place.rank, place.size, options);
}
#endif

#ifdef USE_C10D_NCCL
c10::intrusive_ptr<Backend> nccl(const c10::intrusive_ptr<c10d::Store>& store, const Place& place,
                                 milliseconds limit) {
  auto options = c10d::ProcessGroupNCCL::Options::create();
  options->timeout = limit;
  return c10::make_intrusive<c10d::ProcessGroupNCCL>(store, place.rank, place.size, options);
}
#endif

struct Transport {
  c10::intrusive_ptr<Backend> backend;
  std::optional<torch::Device> device;  // where it wants its values; none: on the CPU
};

Result<Transport> transport([[maybe_unused]] const c10::intrusive_ptr<c10d::Store>& store,
                            [[maybe_unused]] const Place& place,
                            [[maybe_unused]] milliseconds limit, [[maybe_unused]] bool on_cuda) {
#ifdef USE_C10D_NCCL
  if (on_cuda) {
    const auto index = static_cast<c10::DeviceIndex>(place.local_rank);
    return Transport{nccl(store, place, limit), torch::Device(torch::kCUDA, index)};
  }
#endif
#ifdef USE_C10D_GLOO
  return Transport{gloo(store, place, limit), std::nullopt};
#else
  return fail(ErrorCode::unsupported, "this libtorch came without the headers of c10d's Gloo", {},
              "build against Debian's libtorch-dev with libgloo-dev, or train in one process");
#endif
}

}  // namespace

struct Group::Impl {
  Place place;
  milliseconds limit{};
  c10::intrusive_ptr<c10d::Store> store;
  Transport transport;
  bool is_broken = false;

  [[nodiscard]] static std::string noticed(int rank) { return fmt::format("noticed {}", rank); }
  [[nodiscard]] static std::string words(int rank) { return fmt::format("words {}", rank); }

  void put(const std::string& name, const std::string& text) const {
    store->set(name, std::vector<std::uint8_t>(text.begin(), text.end()));
  }

  [[nodiscard]] std::string last_words_of(int rank) const {
    const auto bytes = store->get(words(rank));
    return {bytes.begin(), bytes.end()};
  }

  // Others stay until process 0, who may keep the meeting point, has seen what it can.
  [[nodiscard]] milliseconds patience() const {
    return milliseconds(place.rank == 0 ? 4000 : 2000);
  }

  // The processes that say nothing within our patience.
  [[nodiscard]] std::vector<int> silent() const {
    const auto until = Clock::now() + patience();
    std::vector<int> missing;
    for (int other = 0; other < place.size; ++other) {
      if (other == place.rank) continue;
      while (!store->check({noticed(other)})) {
        if (Clock::now() >= until) {
          missing.push_back(other);
          break;
        }
        std::this_thread::sleep_for(milliseconds(20));
      }
    }
    return missing;
  }

  // What happened, as far as the meeting point can tell.
  [[nodiscard]] std::string account() const {
    try {
      put(noticed(place.rank), "");
      const auto missing = silent();
      for (int other = 0; other < place.size; ++other) {
        if (other == place.rank || !store->check({words(other)})) continue;
        return fmt::format("process {} of {} ended: {}", other, place.size, last_words_of(other));
      }
      if (!missing.empty()) {
        return fmt::format("process {} of {} does not answer: killed, or cut off",
                           fmt::join(missing, ", "), place.size);
      }
      return "the processes lost each other";
    } catch (const std::exception&) {
      return fmt::format("{} at {}:{} does not answer: killed, or cut off",
                         place.launcher_hosts ? std::string("the launcher")
                                              : fmt::format("process 0 of {}", place.size),
                         place.address, place.port);
    }
  }

  tl::unexpected<Error> lost(const std::exception& error) {
    is_broken = true;
    return fail(ErrorCode::internal, fmt::format("{} ({})", account(), first_line(error)));
  }

  Result<void> sum(Tensor& values) {
    try {
      std::vector<Tensor> moved{transport.device ? values.to(*transport.device)
                                                 : values.to(torch::kCPU)};
      if (!transport.backend->allreduce(moved)->wait(limit)) throw std::runtime_error("no answer");
      if (!moved[0].is_same(values)) values.copy_(moved[0]);
      return {};
    } catch (const std::exception& error) {
      return lost(error);
    }
  }

  Result<void> from_first(Tensor& values) {
    try {
      std::vector<Tensor> moved{transport.device ? values.to(*transport.device) : values};
      if (!transport.backend->broadcast(moved)->wait(limit)) throw std::runtime_error("no answer");
      if (!moved[0].is_same(values)) values.copy_(moved[0]);
      return {};
    } catch (const std::exception& error) {
      return lost(error);
    }
  }
};

Group::Group() = default;
Group::Group(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Group::Group(Group&&) noexcept = default;
Group& Group::operator=(Group&&) noexcept = default;
Group::~Group() = default;

Result<Group> Group::join(const Place& place, std::chrono::seconds limit, bool on_cuda) {
  if (place.size == 1) return Group();
  auto impl = std::make_unique<Impl>();
  impl->place = place;
  impl->limit = limit;
  try {
    c10d::TCPStoreOptions options;
    options.port = static_cast<std::uint16_t>(place.port);
    options.isServer = place.rank == 0 && !place.launcher_hosts;
    if (!place.launcher_hosts) options.numWorkers = static_cast<std::size_t>(place.size);
    options.waitWorkers = !place.launcher_hosts;
    options.timeout = limit;
    auto meeting_point = c10::make_intrusive<c10d::TCPStore>(place.address, options);
    meeting_point->setTimeout(limit);
    impl->store =
        c10::make_intrusive<c10d::PrefixStore>("bloodcell " + place.attempt, meeting_point);
    BC_ASSIGN(impl->transport, transport(impl->store, place, limit, on_cuda));
    return Group(std::move(impl));
  } catch (const std::exception& error) {
    return fail(ErrorCode::unreadable,
                fmt::format("process {} of {} could not meet the others at {}:{} within {} s ({})",
                            place.rank, place.size, place.address, place.port, limit.count(),
                            first_line(error)),
                {},
                "start all of them, see that this address and port can be reached and are free, or "
                "give another MASTER_ADDR and MASTER_PORT");
  }
}

int Group::rank() const { return impl_ ? impl_->place.rank : 0; }
int Group::size() const { return impl_ ? impl_->place.size : 1; }
int Group::local_rank() const { return impl_ ? impl_->place.local_rank : 0; }
bool Group::is_broken() const { return impl_ && impl_->is_broken; }

Result<void> Group::sum(std::span<double> values) {
  if (!impl_) return {};
  Tensor view =
      torch::from_blob(values.data(), {static_cast<std::int64_t>(values.size())}, torch::kFloat64);
  return impl_->sum(view);
}

Result<void> Group::sum(std::span<float> values) {
  if (!impl_) return {};
  Tensor view =
      torch::from_blob(values.data(), {static_cast<std::int64_t>(values.size())}, torch::kFloat32);
  return impl_->sum(view);
}

Result<void> Group::sum(at::Tensor& values) { return impl_ ? impl_->sum(values) : Result<void>{}; }

Result<std::string> Group::from_first(std::string bytes) {
  if (!impl_) return bytes;
  auto length = torch::tensor({static_cast<std::int64_t>(bytes.size())});
  BC_CHECK(impl_->from_first(length));
  bytes.resize(static_cast<std::size_t>(length.item<std::int64_t>()));
  if (bytes.empty()) return bytes;
  Tensor view =
      torch::from_blob(bytes.data(), {static_cast<std::int64_t>(bytes.size())}, torch::kUInt8);
  BC_CHECK(impl_->from_first(view));
  return bytes;
}

Result<void> Group::agree(const Result<void>& mine) {
  if (!impl_) return mine;
  constexpr double kStops = 1;
  constexpr double kFailed = 2;
  const bool failed = !mine && mine.error().code != ErrorCode::cancelled;
  std::vector<double> how(static_cast<std::size_t>(size()));
  if (!mine) how[static_cast<std::size_t>(rank())] = failed ? kFailed : kStops;
  try {
    if (failed) impl_->put(Impl::words(rank()), to_text(mine.error()).substr(0, kMostWords));
  } catch (const std::exception& error) {
    return impl_->lost(error);
  }
  auto told = sum(how);
  if (failed) return mine;
  if (!told) return told;
  const auto other = std::find(how.begin(), how.end(), kFailed);
  if (other != how.end()) {
    const auto which = static_cast<int>(other - how.begin());
    impl_->is_broken = true;
    try {
      impl_->put(Impl::noticed(rank()), "");
      return fail(ErrorCode::internal, fmt::format("process {} of {} ended: {}", which, size(),
                                                   impl_->last_words_of(which)));
    } catch (const std::exception&) {
      return fail(ErrorCode::internal, fmt::format("process {} of {} ended with an error; its own "
                                                   "message says which",
                                                   which, size()));
    }
  }
  if (!mine) return mine;
  const auto stops = std::find(how.begin(), how.end(), kStops);
  if (stops == how.end()) return {};
  return fail(ErrorCode::cancelled,
              fmt::format("process {} was asked to stop", stops - how.begin()));
}

void Group::leave(const Error& error) {
  if (!impl_) return;
  try {
    if (!impl_->is_broken) impl_->put(Impl::words(rank()), to_text(error).substr(0, kMostWords));
    impl_->put(Impl::noticed(rank()), "");
    // The meeting point ends with its process; the others first read what is there.
    if (leads() && !impl_->place.launcher_hosts && !impl_->is_broken) {
      [[maybe_unused]] const auto missing = impl_->silent();
    }
  } catch (const std::exception&) {
    // Nobody is left to be told.
  }
}

}  // namespace bloodcell::train
