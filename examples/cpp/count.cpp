// count MODEL PICTURE…: how many cells of each class the pictures show, read by two threads that
// share one model.
#include <bloodcell.hpp>

#include <cstdio>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

int main(int argc, char** argv) {
  if (argc < 3) {
    std::fprintf(stderr, "usage: count MODEL PICTURE...\n");
    return 2;
  }
  auto model = bloodcell::api::Model::open(argv[1]);
  if (!model) {
    std::fprintf(stderr, "error: %s\n", model.failure().message.c_str());
    return 1;
  }
  const std::vector<std::string> pictures(argv + 2, argv + argc);
  std::mutex mutex;
  std::map<std::string, int> counts;  // guarded by mutex
  int unread = 0;                     // guarded by mutex
  const auto read_every_second = [&](std::size_t first) {
    for (std::size_t i = first; i < pictures.size(); i += 2) {
      auto cells = model->classify_file(pictures[i]);
      const std::lock_guard lock(mutex);
      if (!cells) {
        std::fprintf(stderr, "error: %s\n", cells.failure().message.c_str());
        ++unread;
        continue;
      }
      for (const auto& cell : *cells) {
        if (cell.status == BLOODCELL_OK) ++counts[std::string(cell.label)];
      }
    }
  };
  std::thread other(read_every_second, 1);
  read_every_second(0);
  other.join();
  for (const auto& [label, count] : counts) std::printf("%s %d\n", label.c_str(), count);
  return unread == 0 ? 0 : 1;
}
