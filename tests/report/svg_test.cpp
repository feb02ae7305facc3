#include <bloodcell/report/svg.hpp>

#include <rapidcheck.h>

#include <bloodcell/test/support.hpp>

namespace bloodcell::report {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

TEST(Svg, TicksStandAtRoundNumbers) {
  EXPECT_THAT(ticks(0, 100), ElementsAre(0, 20, 40, 60, 80, 100));
  EXPECT_THAT(ticks(0, 8), ElementsAre(0, 2, 4, 6, 8));
  EXPECT_THAT(ticks(3, 3), ElementsAre(2, 2.5, 3, 3.5, 4));
}

TEST(Svg, TicksSpanEveryRange) {
  EXPECT_TRUE(rc::check([](int low, unsigned short span) {
    const double high = static_cast<double>(low) + span;
    const auto values = ticks(low, high);
    RC_ASSERT(values.size() >= 2U);
    RC_ASSERT(values.size() <= 8U);
    RC_ASSERT(values.front() <= low + 1e-6);
    RC_ASSERT(values.back() >= high - 1e-6);
  }));
}

TEST(Svg, BarsAreAsLongAsTheirValues) {
  // 0 to 100 reaches from x = 112 to 380: 25 is 67 wide.
  const auto svg = to_svg(Bars{"t", "images", {"train", "test"}, {{"a", {25, 75}}}});
  EXPECT_THAT(svg, HasSubstr("x=\"112.0\" y=\"56.0\" width=\"67.0\""));
  EXPECT_THAT(svg, HasSubstr("x=\"179.0\" y=\"56.0\" width=\"201.0\""));
}

TEST(Svg, LongNamesHaveRoom) {
  const auto svg = to_svg(Bars{"t", "share", {"all"}, {{"backbone_lr_factor", {1}}, {"b", {1}}}});
  EXPECT_THAT(svg, HasSubstr(">backbone_lr_factor<"));
  EXPECT_THAT(svg, HasSubstr("x=\"133.6\""));  // the name's end: 18 letters of 7.2 before it
}

TEST(Svg, HostileNamesStayText) {
  const auto svg = to_svg(BoxPlot{"<t>", "a&b", {{"</svg><script>", 0, 1, 2, 3, 4, 2}}});
  EXPECT_THAT(svg, Not(HasSubstr("<script>")));
  EXPECT_THAT(svg, HasSubstr("&lt;/svg&gt;"));
  EXPECT_THAT(svg, HasSubstr("aria-label=\"&lt;t&gt;\""));
}

TEST(Svg, AloneItHasItsNamespaceAndStyle) {
  const auto alone = standalone(to_svg(Bars{"t", "n", {"all"}, {{"a", {1}}}}));
  EXPECT_THAT(alone, StartsWith("<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"bc\""));
  EXPECT_THAT(alone, HasSubstr("<style>"));
}

TEST(Svg, PlotsOfNothingAreDrawn) {
  EXPECT_THAT(to_svg(Bars{"t", "n", {}, {}}), HasSubstr("</svg>"));
  EXPECT_THAT(to_svg(BoxPlot{"t", "n", {}}), HasSubstr("</svg>"));
}

}  // namespace
}  // namespace bloodcell::report
