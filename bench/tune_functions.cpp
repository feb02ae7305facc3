// Our side of bench/tune_functions.py: runs searches on known functions and prints what they came
// to, as `function seed regret`, times of an ask, or values for the other side to check.
#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>
#include <ctime>
#include <functional>
#include <iostream>
#include <map>
#include <numbers>
#include <string>
#include <vector>

#include <bloodcell/base/csv.hpp>
#include <bloodcell/base/files.hpp>
#include <bloodcell/base/random.hpp>
#include <bloodcell/tune/study.hpp>

namespace bloodcell::tune {
namespace {

struct Function {
  const char* name;
  std::function<Result<double>(Trial&)> value;
  double minimum = 0;
  double noise = 0;  // deviation of what is told
};

Result<std::vector<double>> floats(Trial& trial, int count, double low, double high) {
  std::vector<double> x;
  for (int i = 0; i < count; ++i) {
    BC_ASSIGN(const double xi,
              trial.suggest_float("x" + std::to_string(i), {low, high, false, std::nullopt}));
    x.push_back(xi);
  }
  return x;
}

Result<double> branin(Trial& trial) {
  constexpr double kPi = std::numbers::pi;
  BC_ASSIGN(const double x, trial.suggest_float("x", {-5, 10, false, std::nullopt}));
  BC_ASSIGN(const double y, trial.suggest_float("y", {0, 15, false, std::nullopt}));
  return std::pow(y - 5.1 / (4 * kPi * kPi) * x * x + 5 / kPi * x - 6, 2) +
         10 * (1 - 1 / (8 * kPi)) * std::cos(x) + 10;
}

template <std::size_t D>
double hartmann(const std::vector<double>& x, const std::array<std::array<double, D>, 4>& a,
                const std::array<std::array<double, D>, 4>& p) {
  constexpr std::array<double, 4> kAlpha{1.0, 1.2, 3.0, 3.2};
  double sum = 0;
  for (std::size_t i = 0; i < 4; ++i) {
    double inner = 0;
    for (std::size_t j = 0; j < D; ++j) inner += a[i][j] * std::pow(x[j] - p[i][j], 2);
    sum -= kAlpha[i] * std::exp(-inner);
  }
  return sum;
}

Result<double> hartmann3(Trial& trial) {
  BC_ASSIGN(const auto x, floats(trial, 3, 0, 1));
  return hartmann<3>(x, {{{3, 10, 30}, {0.1, 10, 35}, {3, 10, 30}, {0.1, 10, 35}}},
                     {{{0.3689, 0.1170, 0.2673},
                       {0.4699, 0.4387, 0.7470},
                       {0.1091, 0.8732, 0.5547},
                       {0.0381, 0.5743, 0.8828}}});
}

Result<double> hartmann6(Trial& trial) {
  BC_ASSIGN(const auto x, floats(trial, 6, 0, 1));
  return hartmann<6>(x,
                     {{{10, 3, 17, 3.5, 1.7, 8},
                       {0.05, 10, 17, 0.1, 8, 14},
                       {3, 3.5, 1.7, 10, 17, 8},
                       {17, 8, 0.05, 10, 0.1, 14}}},
                     {{{0.1312, 0.1696, 0.5569, 0.0124, 0.8283, 0.5886},
                       {0.2329, 0.4135, 0.8307, 0.3736, 0.1004, 0.9991},
                       {0.2348, 0.1451, 0.3522, 0.2883, 0.3047, 0.6650},
                       {0.4047, 0.8828, 0.8732, 0.5743, 0.1091, 0.0381}}});
}

Result<double> ackley(Trial& trial, int dimensions) {
  BC_ASSIGN(const auto x, floats(trial, dimensions, -32.768, 32.768));
  double squares = 0;
  double cosines = 0;
  for (const double xi : x) {
    squares += xi * xi;
    cosines += std::cos(2 * std::numbers::pi * xi);
  }
  return -20 * std::exp(-0.2 * std::sqrt(squares / dimensions)) - std::exp(cosines / dimensions) +
         20 + std::numbers::e;
}

Result<double> rosenbrock4(Trial& trial) {
  BC_ASSIGN(const auto x, floats(trial, 4, -2.048, 2.048));
  double sum = 0;
  for (std::size_t i = 0; i + 1 < x.size(); ++i)
    sum += 100 * std::pow(x[i + 1] - x[i] * x[i], 2) + std::pow(1 - x[i], 2);
  return sum;
}

Result<double> styblinski5(Trial& trial) {
  BC_ASSIGN(const auto x, floats(trial, 5, -5, 5));
  double sum = 0;
  for (const double xi : x) sum += (std::pow(xi, 4) - 16 * xi * xi + 5 * xi) / 2;
  return sum;
}

Result<double> levy6(Trial& trial) {
  constexpr double kPi = std::numbers::pi;
  BC_ASSIGN(const auto x, floats(trial, 6, -10, 10));
  const auto w = [&](std::size_t i) { return 1 + (x[i] - 1) / 4; };
  double sum = std::pow(std::sin(kPi * w(0)), 2);
  for (std::size_t i = 0; i < 5; ++i)
    sum += std::pow(w(i) - 1, 2) * (1 + 10 * std::pow(std::sin(kPi * w(i) + 1), 2));
  return sum + std::pow(w(5) - 1, 2) * (1 + std::pow(std::sin(2 * kPi * w(5)), 2));
}

// As a network's settings would behave: the best rate depends on the activation.
Result<double> mixed(Trial& trial) {
  BC_ASSIGN(const double rate, trial.suggest_float("rate", {1e-5, 1e-1, true, std::nullopt}));
  BC_ASSIGN(const auto units, trial.suggest_int("units", {16, 256, true, 1}));
  BC_ASSIGN(const auto layers, trial.suggest_int("layers", {1, 5, false, 1}));
  BC_ASSIGN(const double dropout, trial.suggest_float("dropout", {0, 0.5, false, 0.05}));
  BC_ASSIGN(const auto choice, trial.suggest_choice("activation", {Value{std::string("relu")},
                                                                   Value{std::string("tanh")},
                                                                   Value{std::string("gelu")}}));
  const std::string activation = to_text(choice);
  const double best_rate = activation == "relu" ? -3 : activation == "tanh" ? -2 : -3.5;
  const double penalty = activation == "relu" ? 0.2 : activation == "tanh" ? 0.4 : 0;
  return std::pow(std::log10(rate) - best_rate, 2) / 4 +
         0.3 * std::abs(std::log2(static_cast<double>(units)) - 7) +
         0.05 * std::pow(static_cast<double>(layers) - 3, 2) + 10 * std::pow(dropout - 0.2, 2) +
         penalty;
}

Result<double> conditional(Trial& trial) {
  BC_ASSIGN(const double decay, trial.suggest_float("decay", {1e-6, 1e-2, true, std::nullopt}));
  BC_ASSIGN(const auto optimiser, trial.suggest_choice("optimiser", {Value{std::string("sgd")},
                                                                     Value{std::string("adam")}}));
  const double common = 0.1 * std::pow(std::log10(decay) + 4, 2);
  if (to_text(optimiser) == "sgd") {
    BC_ASSIGN(const double rate, trial.suggest_float("sgd_rate", {1e-4, 1, true, std::nullopt}));
    BC_ASSIGN(const double momentum,
              trial.suggest_float("momentum", {0, 0.99, false, std::nullopt}));
    return common + 0.3 + std::pow(std::log10(rate) + 1, 2) / 4 + std::pow(momentum - 0.9, 2);
  }
  BC_ASSIGN(const double rate, trial.suggest_float("adam_rate", {1e-5, 1e-1, true, std::nullopt}));
  BC_ASSIGN(const double beta, trial.suggest_float("beta", {0.8, 0.999, false, std::nullopt}));
  return common + std::pow(std::log10(rate) + 3, 2) / 4 + 4 * std::pow(beta - 0.9, 2);
}

// A table of real training runs (bench/tune_tables): every combination of its settings was trained
// once. Ordered settings are searched by the number of their level, others as choices.
struct RunTable {
  struct Column {
    std::string name;
    bool is_ordered = false;
    std::vector<std::string> levels;  // ascending
  };
  std::vector<Column> columns;
  std::map<std::vector<std::string>, double> lost;  // 1 − macro F1
};

Result<RunTable> read_run_table(const std::string& file) {
  BC_ASSIGN(const auto text, read_text(file, 1 << 24));
  BC_ASSIGN(const auto csv, parse_csv(text));
  RunTable table;
  const auto is_number = [](const std::string& word) {
    char* end = nullptr;
    std::strtod(word.c_str(), &end);
    return !word.empty() && *end == '\0';
  };
  for (std::size_t c = 0; c + 1 < csv.columns.size(); ++c) {
    RunTable::Column column{csv.columns[c], true, {}};
    for (const auto& row : csv.rows) {
      if (std::ranges::find(column.levels, row[c]) == column.levels.end())
        column.levels.push_back(row[c]);
      column.is_ordered = column.is_ordered && is_number(row[c]);
    }
    std::ranges::sort(column.levels, [&](const auto& a, const auto& b) {
      return column.is_ordered ? std::stod(a) < std::stod(b) : a < b;
    });
    table.columns.push_back(std::move(column));
  }
  for (const auto& row : csv.rows)
    table.lost[{row.begin(), row.end() - 1}] = 1 - std::stod(row.back());
  return table;
}

Result<double> looked_up(const RunTable& table, Trial& trial) {
  std::vector<std::string> key;
  for (const auto& column : table.columns) {
    if (column.is_ordered) {
      const auto last = static_cast<std::int64_t>(column.levels.size()) - 1;
      BC_ASSIGN(const auto level, trial.suggest_int(column.name, {0, last, false, 1}));
      key.push_back(column.levels[static_cast<std::size_t>(level)]);
    } else {
      std::vector<Value> choices(column.levels.begin(), column.levels.end());
      BC_ASSIGN(const auto choice, trial.suggest_choice(column.name, choices));
      key.push_back(to_text(choice));
    }
  }
  const auto found = table.lost.find(key);
  if (found == table.lost.end())
    return fail(ErrorCode::malformed, fmt::format("the table lacks {}", fmt::join(key, ", ")));
  return found->second;
}

Result<Function> table_function(const char* name, const std::string& file) {
  BC_ASSIGN(auto table, read_run_table(file));
  double least = INFINITY;
  for (const auto& [key, lost] : table.lost) least = std::min(least, lost);
  return Function{
      name, [table = std::move(table)](Trial& trial) { return looked_up(table, trial); }, least};
}

std::vector<Function> functions() {
  const auto ackley_of = [](int dimensions) {
    return [dimensions](Trial& trial) { return ackley(trial, dimensions); };
  };
  std::vector<Function> all{{"branin", branin, 0.39788735772973816},
                            {"hartmann3", hartmann3, -3.86277978},
                            {"hartmann6", hartmann6, -3.32236801},
                            {"ackley2", ackley_of(2)},
                            {"ackley5", ackley_of(5)},
                            {"ackley10", ackley_of(10)},
                            {"rosenbrock4", rosenbrock4},
                            {"styblinski5", styblinski5, -195.830828518},
                            {"levy6", levy6},
                            {"mixed", mixed},
                            {"conditional", conditional},
                            {"noisy_branin", branin, 0.39788735772973816, 2}};
  return all;
}

std::unique_ptr<Sampler> sampler_named(const std::string& name, std::uint64_t seed) {
  TpeOptions options;
  options.seed = seed;
  if (name == "random") return random_sampler(seed);
  if (name == "sobol") return sobol_sampler(seed);
  if (name == "gp") return gp_sampler({.seed = seed});
  if (name == "nsga2") return nsga2_sampler({.seed = seed});
  options.multivariate = name != "tpe-univariate";
  return tpe_sampler(options);
}

// What the true function says of the point that looked best.
Result<double> regret_of(const Function& function, const std::string& sampler, std::uint64_t seed,
                         int trials) {
  const auto storage = memory_storage();
  BC_ASSIGN(auto study, Study::open(*storage, function.name, {Direction::minimize},
                                    sampler_named(sampler, seed)));
  double best_told = INFINITY;
  double best = INFINITY;
  for (int i = 0; i < trials; ++i) {
    BC_ASSIGN(auto trial, study.ask());
    BC_ASSIGN(const double value, function.value(trial));
    Random noise(seed, stream_of("noise"), static_cast<std::uint64_t>(i));
    const double told = value + function.noise * noise.normal();
    BC_CHECK(study.tell(trial, {told}));
    if (told < best_told) best = value;
    best_told = std::min(best_told, told);
  }
  return best - function.minimum;
}

// Eight parameters, `known` trials: processor milliseconds of an ask with all its suggestions, the
// median of `asks`.
Result<double> time_ask(const std::string& sampler, int known, int asks) {
  const auto storage = memory_storage();
  BC_ASSIGN(auto study,
            Study::open(*storage, "time", {Direction::minimize}, sampler_named(sampler, 1)));
  const auto suggest = [](Trial& trial) -> Result<double> {
    BC_ASSIGN(const auto x, floats(trial, 6, -1, 1));
    BC_ASSIGN(const auto units, trial.suggest_int("units", {1, 100, false, 1}));
    BC_ASSIGN(const auto choice, trial.suggest_choice("choice", {Value{true}, Value{false}}));
    double sum = static_cast<double>(units) + (choice == Value{true} ? 1 : 0);
    for (const double xi : x) sum += xi * xi;
    return sum;
  };
  {
    BC_ASSIGN(auto filling,
              Study::open(*storage, "time", {Direction::minimize}, random_sampler(0)));
    for (int i = 0; i < known; ++i) {
      BC_ASSIGN(auto trial, filling.ask());
      BC_ASSIGN(const double value, suggest(trial));
      BC_CHECK(filling.tell(trial, {value}));
    }
  }
  std::vector<double> times;
  for (int i = 0; i < asks; ++i) {
    const std::clock_t begin = std::clock();
    BC_ASSIGN(auto trial, study.ask());
    BC_ASSIGN(const double value, suggest(trial));
    times.push_back(1e3 * static_cast<double>(std::clock() - begin) / CLOCKS_PER_SEC);
    BC_CHECK(study.tell(trial, {value}));
  }
  std::ranges::sort(times);
  return times[times.size() / 2];
}

// For the other side: points of each function and what we say of them, one JSON object a line.
Result<void> print_checks(const std::vector<Function>& functions) {
  for (const auto& function : functions) {
    const auto storage = memory_storage();
    BC_ASSIGN(auto study,
              Study::open(*storage, function.name, {Direction::minimize}, random_sampler(7)));
    for (int i = 0; i < 5; ++i) {
      BC_ASSIGN(auto trial, study.ask());
      BC_ASSIGN(const double value, function.value(trial));
      std::cout << fmt::format("{{\"function\": \"{}\", \"value\": {}, \"params\": {{",
                               function.name, number_to_json(value));
      const char* comma = "";
      for (const auto& parameter : trial.record().parameters) {
        std::cout << fmt::format("{}\"{}\": {}", comma, parameter.name,
                                 value_to_json(parameter.value()));
        comma = ", ";
      }
      std::cout << "}}\n";
    }
  }
  return {};
}

struct Chosen {
  std::vector<Function> functions;
  int first_seed = 0;
};

// The options `--tables FOLDER`, `--only NAME` and `--first-seed N` at the end, which are taken
// off.
Result<Chosen> chosen_functions(std::vector<std::string>& words) {
  Chosen result{functions(), 0};
  auto& chosen = result.functions;
  std::string only;
  while (words.size() > 2 && words[words.size() - 2].starts_with("--")) {
    const std::string option = words[words.size() - 2];
    const std::string value = words.back();
    words.resize(words.size() - 2);
    if (option == "--only") {
      only = value;
    } else if (option == "--first-seed") {
      result.first_seed = std::atoi(value.c_str());
    } else if (option == "--tables") {
      for (const char* name : {"compact", "heads"}) {
        BC_ASSIGN(auto function, table_function(name, value + "/" + name + ".csv"));
        chosen.push_back(std::move(function));
      }
    } else {
      return fail(ErrorCode::usage, option + ": no such option");
    }
  }
  if (!only.empty()) std::erase_if(chosen, [&](const auto& f) { return f.name != only; });
  return result;
}

Result<void> run(std::vector<std::string> words) {
  BC_ASSIGN(const auto chosen, chosen_functions(words));
  const auto& functions = chosen.functions;
  if (words.size() == 1 && words[0] == "check") return print_checks(functions);
  if (words.size() == 4 && words[0] == "time") {
    BC_ASSIGN(const double milliseconds,
              time_ask(words[1], std::atoi(words[2].c_str()), std::atoi(words[3].c_str())));
    std::cout << milliseconds << "\n";
    return {};
  }
  if (words.size() == 4 && words[0] == "regret") {
    for (const auto& function : functions) {
      const int after = chosen.first_seed + std::atoi(words[2].c_str());
      for (int seed = chosen.first_seed; seed < after; ++seed) {
        BC_ASSIGN(const double regret,
                  regret_of(function, words[1], static_cast<std::uint64_t>(seed),
                            std::atoi(words[3].c_str())));
        std::cout << function.name << " " << seed << " " << number_to_json(regret) << "\n"
                  << std::flush;
      }
    }
    return {};
  }
  return fail(ErrorCode::usage,
              "tune_functions check | time SAMPLER TRIALS ASKS | regret SAMPLER SEEDS TRIALS, then "
              "[--tables FOLDER] [--only FUNCTION] [--first-seed N]");
}

}  // namespace
}  // namespace bloodcell::tune

int main(int argc, char** argv) {
  const auto ran = bloodcell::tune::run({argv + 1, argv + argc});
  if (ran) return 0;
  std::cerr << to_text(ran.error()) << "\n";
  return bloodcell::exit_status(ran.error().code);
}
