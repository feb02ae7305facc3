// The server with the models that ship, on whatever precision this processor chooses.
#include <regex>

#include <bloodcell/test/program.hpp>
#include <bloodcell/test/support.hpp>

namespace bloodcell::serve {
namespace {

class ShippedModel : public testing::TestWithParam<const char*> {};

TEST_P(ShippedModel, IsServed) {
  test::Child program("bloodcell", std::vector<std::string>{
                                       "serve", "--port", "0", "--quiet", "--model",
                                       (test::source_folder() / "models" / GetParam()).string()});
  static const std::regex kPort(":[0-9]+/");
  for (int i = 0; i < 600 && !std::regex_search(program.out(), kPort); ++i) program.read_for(100);
  EXPECT_TRUE(std::regex_search(program.out(), kPort)) << program.err();
}

INSTANTIATE_TEST_SUITE_P(Both, ShippedModel, testing::Values("wbc.onnx", "larger/wbc-large.onnx"));

}  // namespace
}  // namespace bloodcell::serve
