// read() on any bytes: an error or a model, never a crash, and a model that reads back the same
// and has a float network. What lies within as a second network is read, too.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <span>

#include <nlohmann/json.hpp>

#include <bloodcell/model_file/model_file.hpp>
#include <bloodcell/model_file/quantised.hpp>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto bytes = std::as_bytes(std::span(data, size));
  const auto file = bloodcell::model_file::read({bytes.begin(), bytes.end()}, bloodcell::Limits{});
  if (!file) return 0;
  const auto again = bloodcell::model_file::read(file->onnx, bloodcell::Limits{});
  using bloodcell::model_file::to_json;
  if (!again || to_json(again->description) != to_json(file->description)) std::abort();
  if (!bloodcell::model_file::float_network(*file)) std::abort();
  (void)bloodcell::model_file::second_of(*file, bloodcell::Limits{});
  return 0;
}
