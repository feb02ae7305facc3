// What this processor calculates in, and which precision is the fastest on one of its kind.
#pragma once

#include <bloodcell/infer/session.hpp>

namespace ov {
class Core;
}

namespace bloodcell::infer {

struct Processor {
  bool has_bfloat16 = false;
  bool has_int8 = false;      // without running over: of x86's only those with VNNI
  bool has_tiles = false;     // AMX: bfloat16 at four times float32's rate and more
  bool has_products = false;  // VNNI: four products of bytes in one instruction
  bool has_pairs = false;     // AVX-512's products of bfloat16 as AMD makes them, at twice the rate
};

[[nodiscard]] Processor this_processor(ov::Core& core);

// Of what the file has and says to cost little. Measured (docs/decisions/0012): bfloat16 where AMX
// calculates it, beside which int8 gains little or nothing; without AMX int8 where VNNI makes it
// twice as fast as float32, else bfloat16 on AMD's processors that have it: on Intel's it is slower
// there.
[[nodiscard]] Precision fastest(const Processor& processor, const model_file::ModelFile& file);

}  // namespace bloodcell::infer
