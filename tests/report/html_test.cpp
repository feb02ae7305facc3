#include <bloodcell/report/html.hpp>

#include <bloodcell/test/support.hpp>

namespace bloodcell::report {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

TEST(Html, EscapesWhatWouldBeMarkup) {
  EXPECT_EQ(escape("<b a=\"1\" c='2'>&"), "&lt;b a=&quot;1&quot; c=&#39;2&#39;&gt;&amp;");
}

TEST(Html, ReplacesControlCharactersAndBrokenUtf8) {
  EXPECT_EQ(escape(std::string_view("a\0b\x1B", 4)),
            "a\xEF\xBF\xBD"
            "b\xEF\xBF\xBD");
  EXPECT_EQ(escape("\xFFz"), "\xEF\xBF\xBDz");
  EXPECT_EQ(escape("µm"), "µm");
}

TEST(Html, TableHasCaptionHeadingsAndScope) {
  const auto html = to_html({"<cap>", {"class", ">images"}, {{"mono", "3"}}});
  EXPECT_THAT(html, HasSubstr("<caption>&lt;cap&gt;</caption>"));
  EXPECT_THAT(html, HasSubstr("<th scope=\"col\" class=\"right\">images</th>"));
  EXPECT_THAT(html, HasSubstr("<th scope=\"row\">mono</th><td class=\"right\">3</td>"));
}

TEST(Html, PageKeepsHostileHeadingsAsText) {
  Page page("</title><script>alert(1)</script>", "a & b");
  page.section("<img src=x>", "<p>kept</p>");
  const auto text = page.text();
  EXPECT_THAT(text, Not(HasSubstr("<script")));
  EXPECT_THAT(text, Not(HasSubstr("<img src=x>")));
  EXPECT_THAT(text, HasSubstr("<p>kept</p>"));
  EXPECT_THAT(text, HasSubstr("a &amp; b"));
}

TEST(Html, PictureStandsInsideThePageWithItsAlternative) {
  const auto html = picture(image::Image(4, 2), "a \"cell\"", 96);
  ASSERT_OK(html);
  EXPECT_THAT(*html, HasSubstr("width=\"96\" height=\"48\" alt=\"a &quot;cell&quot;\""));
  EXPECT_THAT(*html, HasSubstr("src=\"data:image/jpeg;base64,/9j/"));
}

}  // namespace
}  // namespace bloodcell::report
