#include "processor.hpp"

#include <algorithm>

#include <openvino/openvino.hpp>

namespace bloodcell::infer {

Processor this_processor(ov::Core& core) {
  const auto can = core.get_property("CPU", ov::device::capabilities);
  const auto is_there = [&](const char* capability) {
    return std::find(can.begin(), can.end(), capability) != can.end();
  };
  Processor processor{.has_bfloat16 = is_there(ov::device::capability::BF16),
                      .has_int8 = is_there(ov::device::capability::INT8)};
#if defined(__x86_64__)
  processor.has_tiles = __builtin_cpu_supports("amx-bf16") != 0;
  processor.has_products =
      __builtin_cpu_supports("avx512vnni") != 0 || __builtin_cpu_supports("avxvnni") != 0;
  // Elsewhere the engine adds two products of bytes in 16 bits, which run over: 1,084 of 1,235
  // cells right in place of 1,190 (docs/decisions/0012-int8.md).
  processor.has_int8 = processor.has_int8 && processor.has_products;
  processor.has_pairs = __builtin_cpu_is("amd") != 0 && __builtin_cpu_supports("avx512bf16") != 0;
#endif
  return processor;
}

Precision fastest(const Processor& processor, const model_file::ModelFile& file) {
  const auto costs_little = [&](Precision precision) {
    return model_file::costs_little(file.description.precisions, name_of(precision));
  };
  if (processor.has_bfloat16 && processor.has_tiles && costs_little(Precision::bfloat16)) {
    return Precision::bfloat16;
  }
  if (processor.has_int8 && processor.has_products && file.has_int8 &&
      costs_little(Precision::int8)) {
    return Precision::int8;
  }
  if (processor.has_bfloat16 && processor.has_pairs && costs_little(Precision::bfloat16)) {
    return Precision::bfloat16;
  }
  return Precision::float32;
}

}  // namespace bloodcell::infer
