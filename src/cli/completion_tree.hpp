// What the three shells are told of, and how each of them is told.
#pragma once

#include <string>
#include <vector>

namespace bloodcell::cli {

struct CompletionOption {
  std::vector<std::string> names;  // `-o`, `--output`
  std::string what;
  std::vector<std::string> choices;
  bool takes_value = false;
  bool takes_path = false;
};

struct CompletionVerb {
  struct Nested {
    std::string name;
    std::string what;
  };
  std::string path;  // empty for the program, `/data/split` for a nested verb
  std::vector<CompletionOption> options;
  std::vector<Nested> nested;
  std::vector<std::string> choices;  // of what stands after the verb; empty: files
};

// verbs: the program first. Each returns a whole script.
[[nodiscard]] std::string bash_completion(const std::string& program,
                                          const std::vector<CompletionVerb>& verbs);
[[nodiscard]] std::string zsh_completion(const std::string& program,
                                         const std::vector<CompletionVerb>& verbs);
[[nodiscard]] std::string fish_completion(const std::string& program,
                                          const std::vector<CompletionVerb>& verbs);

// `bloodcell-train` -> `bloodcell_train`: a name a shell function may have.
[[nodiscard]] std::string function_name(const std::string& program);

// In single quotes; quote: what stands for a single quote within them (shells differ).
[[nodiscard]] std::string single_quoted(const std::string& text, const std::string& quote);

// `/data|/data/split`: the paths below the program, a pattern of `case`.
[[nodiscard]] std::string paths_joined(const std::vector<CompletionVerb>& verbs, char between);

}  // namespace bloodcell::cli
