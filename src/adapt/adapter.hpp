// One network of a model file fitted to a new laboratory.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include <bloodcell/adapt/adapt.hpp>
#include <bloodcell/locate/locator.hpp>
#include <bloodcell/predict/second_reader.hpp>

#include "cells.hpp"
#include "family_mean.hpp"
#include "labelled.hpp"
#include "views.hpp"

namespace bloodcell::adapt {

// What is laid down from outside, where two networks are fitted together.
struct Given {
  std::optional<double> margin{};  // of the square about a cell; none: to be chosen, with labels
  bool must_gain = true;           // where nothing speaks for a gain, write nothing
  bool keeps_network = false;      // fit to the pictures what is trusted, and nothing else
};

// Why labels speak against an adaptation whose figures are known; empty: they do not.
[[nodiscard]] std::string refusal_of(const Adaptation& done, const Mean& gain);

// What an adapted file says of how it was made, under `provenance.adapted`.
[[nodiscard]] nlohmann::json provenance_of(const Adaptation& done,
                                           const model_file::ModelFile& from, std::uint64_t seed);

class Adapter {
 public:
  using Logits = std::vector<std::vector<float>>;  // of each labelled cell; empty: none to be had

  // All must outlive it. locator null: a picture is a cell.
  Adapter(const Context& context, const model_file::ModelFile& model, const AdaptOptions& options,
          const locate::Locator* locator, Given given)
      : context_(context), model_(model), options_(options), locator_(locator), given_(given) {}

  // The adapted file keeps a second network of the file as it is.
  [[nodiscard]] Result<Adaptation> run(const std::vector<std::filesystem::path>& pictures,
                                       const data::Dataset* labelled);

  // After a run with labels: the cells; right or wrong of each as the file is, its second network
  // included; what networks say of it whose every choice was made without its fold; what the chosen
  // way of seeing and kind of head say of it, fitted without its fold.
  [[nodiscard]] const Cells& labelled() const { return labelled_; }
  [[nodiscard]] const std::vector<bool>& right_before() const { return right_before_; }
  [[nodiscard]] const Logits& chosen_apart() const { return chosen_apart_; }
  [[nodiscard]] const Logits& left_out() const { return left_out_; }

 private:
  [[nodiscard]] Result<void> check() const;
  [[nodiscard]] bool knows_familiar() const;
  [[nodiscard]] Result<void> take_labels(const Framing& framing, const data::Dataset& dataset);
  [[nodiscard]] Result<void> choose_head();
  [[nodiscard]] Result<std::vector<bool>> right_as_it_is(std::vector<bool> right_alone,
                                                         const Logits& logits) const;
  [[nodiscard]] Result<void> finish(const Framing& framing);

  const Context& context_;
  const model_file::ModelFile& model_;
  const AdaptOptions& options_;
  const locate::Locator* locator_;
  Given given_;
  Adaptation done_;
  Cells cells_;
  Cells labelled_;
  std::optional<predict::SecondReader> second_;  // with labels only
  Views views_;
  View chosen_;
  std::vector<bool> right_before_;
  Logits chosen_apart_;
  Logits left_out_;
};

}  // namespace bloodcell::adapt
