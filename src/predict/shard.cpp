#include <bloodcell/predict/shard.hpp>

#include <algorithm>
#include <charconv>
#include <set>

#include <bloodcell/base/random.hpp>

namespace bloodcell::predict {

namespace {

bool read_number(std::string_view text, unsigned& number) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc() && end == text.data() + text.size();
}

}  // namespace

Result<Shard> shard_from(std::string_view text) {
  const auto slash = text.find('/');
  Shard shard;
  const bool is_read = slash != std::string_view::npos &&
                       read_number(text.substr(0, slash), shard.index) &&
                       read_number(text.substr(slash + 1), shard.count);
  if (is_read && shard.index < shard.count) return shard;
  return fail(ErrorCode::usage, fmt::format("no shard is called '{}'", text), {},
              "say I/N with I from 0 to N−1, as 0/8 … 7/8");
}

bool is_in(const Shard& shard, std::string_view name) {
  return stream_of(name) % shard.count == shard.index;
}

Inputs of_shard(Inputs inputs, const Shard& shard) {
  std::erase_if(inputs.files, [&](const auto& file) { return !is_in(shard, file.string()); });
  std::set<std::string> seen;
  std::erase_if(inputs.problems, [&](const Error& problem) {
    return !is_in(shard, problem.path) || !seen.insert(problem.path).second;
  });
  return inputs;
}

std::filesystem::path shard_output(const std::filesystem::path& output, const Shard& shard) {
  auto name = output.stem();
  name += fmt::format(".{}-of-{}", shard.index, shard.count);
  name += output.extension();
  return output.parent_path() / name;
}

}  // namespace bloodcell::predict
