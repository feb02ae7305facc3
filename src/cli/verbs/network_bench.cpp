#include <verbs/network_bench.hpp>

#include <chrono>

#include <bloodcell/infer/session.hpp>

namespace bloodcell::cli {

namespace {

struct Network {
  std::string precision;
  infer::Session session;
};

Result<std::vector<Network>> networks_of(const model_file::ModelFile& model, int batch) {
  std::vector<Network> networks;
  for (const auto precision :
       {infer::Precision::float32, infer::Precision::bfloat16, infer::Precision::int8}) {
    auto session = infer::Session::open(
        model, {.precision = precision, .cache_folder = {}, .one_at_a_time = batch == 1});
    if (!session && session.error().code == ErrorCode::unsupported) continue;  // not here
    if (!session) return tl::unexpected(session.error());
    networks.push_back({std::string(infer::name_of(precision)), std::move(*session)});
  }
  return networks;
}

}  // namespace

Result<std::vector<NetworkTime>> measure_network(const Context& context,
                                                 const model_file::ModelFile& model, int repeats) {
  constexpr int kWarmUp = 3;
  const auto image = model_file::golden_input(1, model.description.preprocessing);
  std::vector<NetworkTime> times;
  for (const int batch : {1, 8, 32}) {
    BC_ASSIGN(const auto networks, networks_of(model, batch));
    std::vector<float> input;
    for (int i = 0; i < batch; ++i) input.insert(input.end(), image.begin(), image.end());
    const std::size_t first = times.size();
    for (const auto& network : networks) times.push_back({network.precision, batch, {}});
    for (int repeat = -kWarmUp; repeat < repeats; ++repeat) {
      BC_CHECK(context.cancellation.check());
      for (std::size_t i = 0; i < networks.size(); ++i) {
        const auto began = std::chrono::steady_clock::now();
        BC_CHECK(networks[i].session.run(input, batch));
        const std::chrono::duration<double> took = std::chrono::steady_clock::now() - began;
        if (repeat >= 0) times[first + i].seconds.push_back(took.count() / batch);
      }
    }
  }
  return times;
}

}  // namespace bloodcell::cli
