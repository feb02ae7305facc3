#include "file_hashes.hpp"

#include <mutex>

#include <bloodcell/base/hash.hpp>

namespace bloodcell::data {

Result<std::vector<Result<std::string>>> hash_files(
    const Context& context, const std::vector<std::filesystem::path>& paths) {
  std::vector<Result<std::string>> hashes(paths.size());
  std::mutex mutex;
  ProgressStep step{"hashing", 0, paths.size(), "images", ""};  // guarded by mutex
  context.pool.for_each(paths.size(), [&](std::size_t i) {
    if (context.cancellation.requested()) return;
    hashes[i] = sha256_of_file(paths[i], context.limits.max_file_bytes);
    const std::lock_guard lock(mutex);
    ++step.done;
    context.progress.update(step);
  });
  context.progress.finish();
  BC_CHECK(context.cancellation.check());
  return hashes;
}

}  // namespace bloodcell::data
