#include "winograd.hpp"

#include <algorithm>

#include <torch/csrc/autograd/custom_function.h>

#ifdef BLOODCELL_HAS_ONEDNN
#include <oneapi/dnnl/dnnl.hpp>
#endif

namespace bloodcell::nn {

using torch::Tensor;

bool WinogradShape::pays() const {
  constexpr std::int64_t kFewestChannels = 32;
  constexpr std::int64_t kVector = 16;
  constexpr std::int64_t kTile = 4;
  // At least three quarters of what is calculated is asked for.
  const auto is_mostly_asked_for = [](std::int64_t asked, std::int64_t whole) {
    return 4 * asked >= 3 * whole;
  };
  const auto in_steps = [](std::int64_t length, std::int64_t step) {
    return (length + step - 1) / step * step;
  };
  return std::min(in_channels, out_channels) >= kFewestChannels &&
         is_mostly_asked_for(in_channels * out_channels,
                             in_steps(in_channels, kVector) * in_steps(out_channels, kVector)) &&
         is_mostly_asked_for(height * width, in_steps(height, kTile) * in_steps(width, kTile));
}

#ifdef BLOODCELL_HAS_ONEDNN
namespace {

using dnnl::memory;

constexpr auto kWay = dnnl::algorithm::convolution_winograd;
const memory::dims kStep{1, 1};
const memory::dims kBorder{1, 1};

memory::desc of_values(const memory::dims& dims, memory::format_tag layout) {
  return {dims, memory::data_type::f32, layout};
}

// Room for what has this layout; libtorch keeps and frees it.
Tensor room(const memory::desc& layout) {
  return torch::empty({static_cast<std::int64_t>(layout.get_size() / sizeof(float))});
}

}  // namespace

// Works in the caller's thread with as many threads as OpenMP has there.
class WinogradConvolution {
 public:
  // Throws dnnl::error where oneDNN has no such convolution.
  explicit WinogradConvolution(const WinogradShape& shape)
      : engine_(dnnl::engine::kind::cpu, 0),
        stream_(engine_),
        maps_(of_values({shape.batch, shape.in_channels, shape.height, shape.width},
                        memory::format_tag::nhwc)),
        made_(of_values({shape.batch, shape.out_channels, shape.height, shape.width},
                        memory::format_tag::nhwc)),
        weight_(of_values({shape.out_channels, shape.in_channels, 3, 3}, memory::format_tag::ohwi)),
        forward_({{dnnl::prop_kind::forward_training, kWay, any(maps_), any(weight_), any(made_),
                   kStep, kBorder, kBorder},
                  engine_}),
        to_maps_({{kWay, any(maps_), any(weight_), any(made_), kStep, kBorder, kBorder},
                  engine_,
                  forward_}),
        to_weight_({{kWay, forward_.src_desc(), any(weight_), any(made_), kStep, kBorder, kBorder},
                    engine_,
                    forward_}) {}

  // The maps as the convolution wants them.
  [[nodiscard]] Tensor laid_out(const Tensor& maps) {
    return laid(maps, maps_, forward_.src_desc());
  }

  [[nodiscard]] Tensor convolve(const Tensor& laid_maps, const Tensor& weight) {
    const Tensor kernel = laid(weight, weight_, forward_.weights_desc());
    const Tensor made = room(forward_.dst_desc());
    dnnl::convolution_forward(forward_).execute(
        stream_, {{DNNL_ARG_SRC, at(laid_maps, forward_.src_desc())},
                  {DNNL_ARG_WEIGHTS, at(kernel, forward_.weights_desc())},
                  {DNNL_ARG_DST, at(made, forward_.dst_desc())}});
    return plain(made, forward_.dst_desc(), made_);
  }

  [[nodiscard]] Tensor gradient_of_maps(const Tensor& gradient, const Tensor& weight) {
    const Tensor laid_gradient = laid(gradient, made_, to_maps_.diff_dst_desc());
    const Tensor kernel = laid(weight, weight_, to_maps_.weights_desc());
    const Tensor found = room(to_maps_.diff_src_desc());
    dnnl::convolution_backward_data(to_maps_).execute(
        stream_, {{DNNL_ARG_DIFF_DST, at(laid_gradient, to_maps_.diff_dst_desc())},
                  {DNNL_ARG_WEIGHTS, at(kernel, to_maps_.weights_desc())},
                  {DNNL_ARG_DIFF_SRC, at(found, to_maps_.diff_src_desc())}});
    return plain(found, to_maps_.diff_src_desc(), maps_);
  }

  [[nodiscard]] Tensor gradient_of_weight(const Tensor& laid_maps, const Tensor& gradient) {
    const Tensor laid_gradient = laid(gradient, made_, to_weight_.diff_dst_desc());
    const Tensor maps = laid(laid_maps, forward_.src_desc(), to_weight_.src_desc());
    const Tensor found = room(to_weight_.diff_weights_desc());
    dnnl::convolution_backward_weights(to_weight_)
        .execute(stream_, {{DNNL_ARG_SRC, at(maps, to_weight_.src_desc())},
                           {DNNL_ARG_DIFF_DST, at(laid_gradient, to_weight_.diff_dst_desc())},
                           {DNNL_ARG_DIFF_WEIGHTS, at(found, to_weight_.diff_weights_desc())}});
    return plain(found, to_weight_.diff_weights_desc(), weight_);
  }

 private:
  static memory::desc any(const memory::desc& values) {
    return of_values(values.dims(), memory::format_tag::any);
  }

  [[nodiscard]] memory at(const Tensor& tensor, const memory::desc& layout) const {
    return {layout, engine_, tensor.data_ptr()};
  }

  void lay(const Tensor& values, const memory::desc& from, const Tensor& result,
           const memory::desc& to) {
    auto source = at(values, from);
    auto target = at(result, to);
    dnnl::reorder(source, target).execute(stream_, source, target);
  }

  // The same values in another layout; the tensor itself where it has that one.
  [[nodiscard]] Tensor laid(const Tensor& values, const memory::desc& from,
                            const memory::desc& to) {
    if (from == to) return values;
    Tensor result = room(to);
    lay(values, from, result, to);
    return result;
  }

  // The same values as libtorch has them, channels last.
  [[nodiscard]] Tensor plain(const Tensor& values, const memory::desc& from,
                             const memory::desc& to) {
    Tensor result = torch::empty(to.dims(), torch::MemoryFormat::ChannelsLast);
    lay(values, from, result, to);
    return result;
  }

  dnnl::engine engine_;
  dnnl::stream stream_;
  memory::desc maps_;
  memory::desc made_;
  memory::desc weight_;
  dnnl::convolution_forward::primitive_desc forward_;
  dnnl::convolution_backward_data::primitive_desc to_maps_;
  dnnl::convolution_backward_weights::primitive_desc to_weight_;
};

namespace {

Tensor channels_last(const Tensor& maps) {
  return maps.contiguous(torch::MemoryFormat::ChannelsLast);
}

// What a pass backwards finds again.
struct Held : torch::CustomClassHolder {
  explicit Held(std::shared_ptr<WinogradConvolution> held) : convolution(std::move(held)) {}
  std::shared_ptr<WinogradConvolution> convolution;
};

struct Convolve : torch::autograd::Function<Convolve> {
  using Context = torch::autograd::AutogradContext;

  static Tensor forward(Context* context, const Tensor& maps, const Tensor& weight,
                        const std::shared_ptr<WinogradConvolution>& convolution) {
    const Tensor laid_maps = convolution->laid_out(channels_last(maps));
    context->save_for_backward({laid_maps, weight});
    context->saved_data["convolution"] =
        c10::IValue::make_capsule(c10::make_intrusive<Held>(convolution));
    return convolution->convolve(laid_maps, channels_last(weight));
  }

  static torch::autograd::variable_list backward(Context* context,
                                                 const torch::autograd::variable_list& gradients) {
    const auto saved = context->get_saved_variables();
    const auto convolution =
        c10::static_intrusive_pointer_cast<Held>(context->saved_data["convolution"].toCapsule())
            ->convolution;
    const Tensor gradient = channels_last(gradients[0]);
    torch::autograd::variable_list found(3);
    if (context->needs_input_grad(0)) {
      found[0] = convolution->gradient_of_maps(gradient, channels_last(saved[1]));
    }
    if (context->needs_input_grad(1)) {
      found[1] = convolution->gradient_of_weight(saved[0], gradient);
    }
    return found;
  }
};

std::shared_ptr<WinogradConvolution> make(const WinogradShape& shape) {
  try {
    return std::make_shared<WinogradConvolution>(shape);
  } catch (const dnnl::error& error) {
    if (error.status == dnnl_unimplemented) return {};
    throw;
  }
}

}  // namespace

Tensor Winograd::operator()(const Tensor& maps, const Tensor& weight, const Tensor& bias) {
  if (!maps.is_cpu() || maps.scalar_type() != torch::kFloat32) return {};
  const WinogradShape shape{maps.size(0), maps.size(1), weight.size(0), maps.size(2), maps.size(3)};
  if (!shape.pays()) return {};
  const auto [found, is_new] = made_.try_emplace(shape);
  if (is_new) found->second = make(shape);
  if (!found->second) return {};
  Tensor made = Convolve::apply(maps, weight, found->second);
  if (bias.defined()) made.add_(bias.view({1, -1, 1, 1}));
  return made;
}

#else

class WinogradConvolution {};

Tensor Winograd::operator()(const Tensor&, const Tensor&, const Tensor&) { return {}; }

#endif

}  // namespace bloodcell::nn
