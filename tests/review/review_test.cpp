#include <bloodcell/review/store.hpp>

#include <fstream>
#include <thread>

#include <bloodcell/database/database.hpp>
#include <bloodcell/review/training_set.hpp>
#include <bloodcell/test/support.hpp>

namespace bloodcell::review {
namespace {

const std::vector<std::string> kLabels{"lymphocyte", "neutrophil"};

Cell cell(int number, std::string said, std::string guess = "neutrophil") {
  Cell made;
  made.number = number;
  made.box = {10 * number, 5, 20, 30};
  made.said = std::move(said);
  made.guess = std::move(guess);
  made.confidence = 0.75;
  made.probabilities = {0.25, 0.75};
  return made;
}

NewPicture picture(std::string name, std::string_view bytes) {
  return {std::move(name),
          "png",
          bytes,
          "wbc",
          kLabels,
          {cell(0, "neutrophil"), cell(1, "unidentified"), cell(2, "lymphocyte", "lymphocyte")}};
}

class Review : public ::testing::Test {
 protected:
  void SetUp() override { open(); }
  void open(const Bounds& bounds = {}) {
    store.reset();
    auto opened = Store::open(folder / "store", bounds);
    ASSERT_OK(opened);
    store = std::move(*opened);
  }
  // A case with one picture of three cells.
  std::string begun() {
    const auto made = store->create("patient 7", kLabels, "Ada");
    EXPECT_OK(made);
    EXPECT_OK(store->add(made->key, picture("a.png", "first"), "Ada"));
    return made->key;
  }
  [[nodiscard]] std::int64_t cell_of(const std::string& key, std::size_t index) const {
    return store->read(key)->cells.at(index).id;
  }
  [[nodiscard]] std::int64_t revision(const std::string& key) const {
    return store->read(key)->summary.revision;
  }
  // As somebody with the file at hand would.
  void tamper(const std::string& sql) {
    auto file = database::Database::open(folder / "store" / "review.db");
    ASSERT_OK(file);
    EXPECT_OK((*file)->run(sql));
  }
  [[nodiscard]] std::string fault() const { return store->verify()->fault; }

  test::TemporaryFolder folder;
  std::unique_ptr<Store> store;
};

TEST_F(Review, CountsWhatTheModelSaidAndWhatPeopleSayApart) {
  const auto key = begun();
  ASSERT_OK(store->decide(key, cell_of(key, 1), "neutrophil", "Ada"));
  ASSERT_OK(store->decide(key, cell_of(key, 2), "no_cell", "Bo"));
  const auto read = store->read(key);
  ASSERT_OK(read);
  EXPECT_EQ(read->said().identified, (std::vector<std::uint64_t>{1, 1}));
  EXPECT_EQ(read->said().unidentified, 1U);
  EXPECT_EQ(read->now().identified, (std::vector<std::uint64_t>{0, 2}));
  EXPECT_EQ(read->now().unidentified, 0U);
  EXPECT_EQ(read->now().no_cell, 1U);
  EXPECT_EQ(read->summary.cells, 2U);
  EXPECT_EQ(read->cells[0].probabilities, (std::vector<double>{0.25, 0.75}));
}

TEST_F(Review, TakesBackDecisionsOneByOneTheLastFirst) {
  const auto key = begun();
  const auto first = cell_of(key, 0);
  ASSERT_OK(store->decide(key, first, "lymphocyte", "Ada"));
  ASSERT_OK(store->decide(key, first, "no_cell", "Ada"));
  EXPECT_EQ(store->undo(key, "Bo")->cell.name, "lymphocyte");
  EXPECT_EQ(store->undo(key, "Bo")->cell.name, "neutrophil");
  EXPECT_ERROR(store->undo(key, "Bo"), ErrorCode::not_found);
  ASSERT_OK(store->decide(key, first, "lymphocyte", "Ada"));
  EXPECT_EQ(store->undo(key, "Ada")->cell.name, "neutrophil");
  EXPECT_EQ(fault(), "");
}

TEST_F(Review, SayingTheSameAgainIsNoDecision) {
  const auto key = begun();
  const auto before = revision(key);
  ASSERT_OK(store->decide(key, cell_of(key, 0), "neutrophil", "Ada"));
  EXPECT_EQ(revision(key), before);
}

TEST_F(Review, ASignedCaseChangesOnlyWhenItIsReopenedWithAReason) {
  const auto key = begun();
  const auto first = cell_of(key, 0);
  ASSERT_OK(store->decide(key, first, "lymphocyte", "Ada"));
  EXPECT_ERROR(store->sign(key, "Ada", revision(key) - 1), ErrorCode::mismatch);
  const auto done = store->sign(key, "Ada", revision(key));
  ASSERT_OK(done);
  EXPECT_EQ(done->summary.signed_by, "Ada");
  EXPECT_ERROR(store->decide(key, first, "neutrophil", "Bo"), ErrorCode::mismatch);
  EXPECT_ERROR(store->undo(key, "Bo"), ErrorCode::mismatch);
  EXPECT_ERROR(store->add(key, picture("b.png", "second"), "Bo"), ErrorCode::mismatch);
  EXPECT_ERROR(store->sign(key, "Bo", revision(key)), ErrorCode::mismatch);
  EXPECT_ERROR(store->reopen(key, "Bo", " "), ErrorCode::usage);
  ASSERT_OK(store->reopen(key, "Bo", "second look"));
  EXPECT_ERROR(store->undo(key, "Bo"), ErrorCode::not_found);  // what was signed is not taken back
  ASSERT_OK(store->decide(key, first, "neutrophil", "Bo"));
  const auto trail = store->trail(key);
  ASSERT_OK(trail);
  std::string deeds;
  for (const Entry& entry : *trail) deeds += std::string(name_of(entry.deed)) + ' ';
  EXPECT_EQ(deeds, "created added decided signed reopened decided ");
  EXPECT_EQ(trail->back().before, "lymphocyte");
  EXPECT_EQ(trail->back().after, "neutrophil");
  EXPECT_EQ(trail->back().who, "Bo");
  EXPECT_EQ((*trail)[4].note, "second look");
  EXPECT_EQ(fault(), "");
}

TEST_F(Review, TwoPeopleDoNotOverwriteEachOtherUnseen) {
  const auto key = begun();
  const auto seen = revision(key);
  ASSERT_OK(store->decide(key, cell_of(key, 0), "lymphocyte", "Ada", seen));
  EXPECT_ERROR(store->decide(key, cell_of(key, 0), "no_cell", "Bo", seen), ErrorCode::mismatch);
  EXPECT_ERROR(store->undo(key, "Bo", seen), ErrorCode::mismatch);
}

TEST_F(Review, AllIsThereAfterOpeningAgain) {
  const auto key = begun();
  ASSERT_OK(store->decide(key, cell_of(key, 1), "lymphocyte", "Ada"));
  open();
  EXPECT_EQ(store->read(key)->cells[1].name, "lymphocyte");
  EXPECT_EQ(store->trail(key)->size(), 3U);
  const auto bytes = store->bytes_of(key, store->read(key)->pictures[0].id);
  ASSERT_OK(bytes);
  EXPECT_EQ(bytes->size(), 5U);
  EXPECT_EQ(store->verify()->entries, 3);
}

TEST_F(Review, SQLiteItselfRefusesToChangeOrShortenTheTrail) {
  begun();
  auto file = database::Database::open(folder / "store" / "review.db");
  ASSERT_OK(file);
  EXPECT_FALSE((*file)->run("UPDATE trail SET who = 'Eve'").has_value());
  EXPECT_FALSE((*file)->run("DELETE FROM trail").has_value());
  EXPECT_EQ(fault(), "");
}

TEST_F(Review, TamperingShows) {
  const auto key = begun();
  const auto first = cell_of(key, 0);
  ASSERT_OK(store->decide(key, first, "lymphocyte", "Ada"));
  ASSERT_OK(store->sign(key, "Ada", revision(key)));
  EXPECT_EQ(fault(), "");
  const std::string open_trail =
      "DROP TRIGGER trail_is_not_changed; DROP TRIGGER trail_is_not_shortened;";
  tamper(open_trail + "UPDATE trail SET who = 'Eve' WHERE number = 3");
  EXPECT_THAT(fault(), ::testing::HasSubstr("entry 3"));
  tamper("UPDATE trail SET who = 'Ada' WHERE number = 3");
  EXPECT_EQ(fault(), "");
  tamper("UPDATE cells SET name = 'neutrophil'");
  EXPECT_THAT(fault(), ::testing::HasSubstr("the trail says `lymphocyte`"));
  tamper("UPDATE cells SET name = said; UPDATE cells SET name = 'lymphocyte' WHERE number = 0");
  EXPECT_EQ(fault(), "");
  tamper("UPDATE cells SET confidence = 0.99 WHERE number = 0");
  EXPECT_THAT(fault(), ::testing::HasSubstr("was changed"));
  tamper("UPDATE cells SET confidence = 0.75");
  tamper("UPDATE cases SET signed_by = 'Eve'");
  EXPECT_THAT(fault(), ::testing::HasSubstr("signature"));
  tamper("UPDATE cases SET signed_by = 'Ada'");
  EXPECT_EQ(fault(), "");
  for (const char* told : {"name = 'another'", "created = '2001-01-01T00:00:00Z'",
                           "labels = replace(labels, 'neutrophil', 'lymphocyte')"}) {
    tamper(std::string("CREATE TABLE was AS SELECT * FROM cases; UPDATE cases SET ") + told);
    EXPECT_THAT(fault(), ::testing::HasSubstr("name, time or labels")) << told;
    tamper(
        "UPDATE cases SET (name, created, labels) = (SELECT name, created, labels FROM was); "
        "DROP TABLE was");
    EXPECT_EQ(fault(), "");
  }
  tamper("DELETE FROM trail WHERE number = 2");
  EXPECT_THAT(fault(), ::testing::HasSubstr("entry 2 of the trail is missing"));
}

TEST_F(Review, AChangeAnswersWithTheCaseAsItLeftIt) {
  const auto key = begun();
  const auto first = cell_of(key, 0);
  const auto decided = store->decide(key, first, "lymphocyte", "Ada");
  ASSERT_OK(decided);
  EXPECT_EQ(decided->cell.name, "lymphocyte");
  EXPECT_EQ(decided->of.cells[0].name, "lymphocyte");
  EXPECT_EQ(decided->of.summary.revision, revision(key));
}

TEST_F(Review, LookingAtATrailChecksTheCaseAndWhatIsNew) {
  const auto key = begun();
  const auto looked = store->look_at_trail(key);
  ASSERT_OK(looked);
  EXPECT_TRUE(looked->verdict.is_whole);
  EXPECT_FALSE(looked->all_checked_at.empty());
  ASSERT_OK(store->decide(key, cell_of(key, 0), "lymphocyte", "Ada"));
  const auto again = store->look_at_trail(key);
  EXPECT_EQ(again->entries.size(), 3U);
  EXPECT_EQ(again->verdict.head, again->entries.back().hash);
  EXPECT_EQ(again->all_checked_at, looked->all_checked_at);
  EXPECT_ERROR(store->look_at_trail("0123456789ab"), ErrorCode::not_found);
}

TEST_F(Review, LookingAtATrailShowsWhatAnotherProcessTamperedWithInAnyCase) {
  const auto key = begun();
  const auto other = store->create("patient 8", kLabels, "Ada")->key;
  ASSERT_OK(store->decide(key, cell_of(key, 0), "lymphocyte", "Ada"));
  const auto fault_seen = [&] { return store->look_at_trail(other)->verdict.fault; };
  EXPECT_EQ(fault_seen(), "");
  tamper("UPDATE cells SET name = 'neutrophil' WHERE number = 0");
  EXPECT_THAT(fault_seen(), ::testing::HasSubstr("the trail says `lymphocyte`"));
  EXPECT_THAT(fault_seen(), ::testing::HasSubstr("the trail says `lymphocyte`"));
  EXPECT_EQ(store->look_at_trail(other)->all_checked_at, "");
  tamper("UPDATE cells SET name = 'lymphocyte' WHERE number = 0");
  EXPECT_EQ(fault_seen(), "");
  tamper(
      "DROP TRIGGER trail_is_not_changed; UPDATE trail SET who = 'Eve' WHERE number = 2;"
      "CREATE TRIGGER trail_is_not_changed BEFORE UPDATE ON trail "
      "BEGIN SELECT RAISE(ABORT, 'no'); END;");
  EXPECT_THAT(fault_seen(), ::testing::HasSubstr("entry 2"));
}

TEST_F(Review, TheFolderIsItsOwnersAlone) {
  using std::filesystem::perms;
  store.reset();
  std::filesystem::permissions(folder / "store", perms::all);
  open();
  EXPECT_EQ(std::filesystem::status(folder / "store").permissions(), perms::owner_all);
}

TEST_F(Review, CountsTheCharactersOfANameNotItsBytes) {
  std::string name;
  for (int i = 0; i < 100; ++i) name += "é";
  EXPECT_OK(store->create(name, kLabels, "Ada"));
  EXPECT_ERROR(store->create(name + "é", kLabels, "Ada"), ErrorCode::usage);
}

TEST_F(Review, APictureThatWasChangedOnTheDiskIsNotShown) {
  const auto key = begun();
  const Picture kept = store->read(key)->pictures[0];
  std::ofstream(folder / "store" / "pictures" / key / (std::to_string(kept.id) + ".png"))
      << "other";
  EXPECT_ERROR(store->bytes_of(key, kept.id), ErrorCode::mismatch);
}

TEST_F(Review, TakesNoCellsOfAModelWithOtherClasses) {
  const auto key = begun();
  auto other = picture("b.png", "second");
  std::ranges::reverse(other.labels);
  EXPECT_ERROR(store->add(key, other, "Ada"), ErrorCode::mismatch);
  EXPECT_EQ(store->read(key)->pictures.size(), 1U);
}

TEST_F(Review, TakesNoPictureTwiceAndNoMoreThanItsBounds) {
  const auto key = begun();
  EXPECT_ERROR(store->add(key, picture("again.png", "first"), "Ada"), ErrorCode::mismatch);
  Bounds bounds;
  bounds.max_case_bytes = 10;
  open(bounds);
  EXPECT_ERROR(store->add(key, picture("b.png", "second"), "Ada"), ErrorCode::limit_exceeded);
  bounds = {};
  bounds.max_bytes = 10;
  open(bounds);
  EXPECT_ERROR(store->add(key, picture("b.png", "second"), "Ada"), ErrorCode::limit_exceeded);
  bounds = {};
  bounds.max_case_cells = 5;
  open(bounds);
  EXPECT_ERROR(store->add(key, picture("b.png", "second"), "Ada"), ErrorCode::limit_exceeded);
  bounds = {};
  bounds.max_cases = 1;
  open(bounds);
  EXPECT_ERROR(store->create("another", kLabels, "Ada"), ErrorCode::limit_exceeded);
}

TEST_F(Review, RefusesWordsThatAreNoNames) {
  const auto key = begun();
  EXPECT_ERROR(store->create("", kLabels, "Ada"), ErrorCode::usage);
  EXPECT_ERROR(store->create("a\nb", kLabels, "Ada"), ErrorCode::usage);
  EXPECT_ERROR(store->create("a", kLabels, std::string(101, 'a')), ErrorCode::usage);
  EXPECT_ERROR(store->create("a", {"no_cell"}, "Ada"), ErrorCode::mismatch);
  EXPECT_ERROR(store->decide(key, cell_of(key, 0), "basophil", "Ada"), ErrorCode::mismatch);
  EXPECT_ERROR(store->decide(key, cell_of(key, 0), "lymphocyte", "\xff"), ErrorCode::usage);
  EXPECT_ERROR(store->decide(key, 999, "lymphocyte", "Ada"), ErrorCode::not_found);
  EXPECT_ERROR(store->read("'; DROP TABLE cases; --"), ErrorCode::not_found);
  EXPECT_ERROR(store->bytes_of(key, 999), ErrorCode::not_found);
}

TEST_F(Review, ACellOfAnotherCaseIsNotReached) {
  const auto key = begun();
  const auto other = store->create("patient 8", kLabels, "Ada");
  ASSERT_OK(other);
  EXPECT_ERROR(store->decide(other->key, cell_of(key, 0), "lymphocyte", "Ada"),
               ErrorCode::not_found);
}

TEST_F(Review, ListsTheLatestFirstAndGoesOnFromThere) {
  std::vector<std::string> keys;
  for (const char* name : {"a", "b", "c"}) keys.push_back(store->create(name, kLabels, "Ada")->key);
  const auto first = store->list("", 2);
  ASSERT_OK(first);
  ASSERT_EQ(first->size(), 2U);
  EXPECT_EQ((*first)[0].name, "c");
  const auto rest = store->list(first->back().key, 2);
  ASSERT_EQ(rest->size(), 1U);
  EXPECT_EQ(rest->front().key, keys[0]);
  EXPECT_ERROR(store->list("0123456789ab", 2), ErrorCode::not_found);
}

TEST_F(Review, WhatAKillLeftBehindIsSweptAndNothingElse) {
  const auto key = begun();
  const auto pictures = folder / "store" / "pictures" / key;
  std::ofstream(pictures / "99.png") << "written, never told of";
  std::ofstream(pictures / ".98.png.1.2.part") << "half";
  std::ofstream(pictures / "notes.txt") << "somebody's own";
  open();
  EXPECT_FALSE(std::filesystem::exists(pictures / "99.png"));
  EXPECT_FALSE(std::filesystem::exists(pictures / ".98.png.1.2.part"));
  EXPECT_TRUE(std::filesystem::exists(pictures / "notes.txt"));
  EXPECT_OK(store->bytes_of(key, store->read(key)->pictures[0].id));
}

TEST_F(Review, PicturesGoAndDecisionsStay) {
  const auto key = begun();
  ASSERT_OK(store->decide(key, cell_of(key, 0), "lymphocyte", "Ada"));
  ASSERT_OK(store->sign(key, "Ada", revision(key)));
  const auto notes = folder / "store" / "pictures" / key / "notes.txt";
  std::ofstream(notes) << "somebody's own";
  ASSERT_OK(store->remove_pictures(key, "Ada"));
  std::filesystem::directory_iterator left(notes.parent_path());
  EXPECT_EQ(left->path(), notes);
  EXPECT_EQ(++left, std::filesystem::directory_iterator());
  const auto read = store->read(key);
  EXPECT_FALSE(read->pictures[0].is_kept);
  EXPECT_EQ(read->cells[0].name, "lymphocyte");
  EXPECT_ERROR(store->bytes_of(key, read->pictures[0].id), ErrorCode::not_found);
  EXPECT_EQ(fault(), "");
}

TEST_F(Review, AForeignDatabaseStaysAsItIs) {
  test::TemporaryFolder other;
  auto file = database::Database::open(other / "review.db");
  ASSERT_OK((*file)->run("CREATE TABLE studies (id INTEGER)"));
  EXPECT_ERROR(Store::open(other.path()), ErrorCode::malformed);
  std::ofstream(other / "review.db") << "no database at all, but long enough to be read as one";
  EXPECT_FALSE(Store::open(other.path()).has_value());
}

TEST_F(Review, ManyThreadsLoseNothing) {
  const auto key = begun();
  std::vector<std::thread> threads;
  for (int t = 0; t < 3; ++t) {
    threads.emplace_back([&, t] {
      const auto id = cell_of(key, static_cast<std::size_t>(t));
      for (int i = 0; i < 10; ++i) {
        EXPECT_OK(store->decide(key, id, i % 2 == 0 ? "no_cell" : "lymphocyte", "Ada"));
      }
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(store->trail(key)->size(), 32U);
  EXPECT_EQ(fault(), "");
}

TEST_F(Review, ATrainingSetHasTheCellsThatPeopleStandFor) {
  const auto key = begun();
  ASSERT_OK(store->decide(key, cell_of(key, 1), "neutrophil", "Ada"));
  ASSERT_OK(store->decide(key, cell_of(key, 2), "no_cell", "Ada"));
  EXPECT_ERROR(training_set_of(*store->read(key), Taken::all), ErrorCode::mismatch);
  ASSERT_OK(store->sign(key, "Ada", revision(key)));
  const auto corrected = training_set_of(*store->read(key), Taken::corrected);
  ASSERT_OK(corrected);
  const auto id = std::to_string(corrected->pictures.at(0).id);
  EXPECT_EQ(corrected->manifest, "file,label,family,source,x,y,width,height\npictures/" + key +
                                     "-" + id + ".png,neutrophil,case-" + key +
                                     ",review,10,5,20,30\n");
  EXPECT_EQ(training_set_of(*store->read(key), Taken::all)->cells, 2U);
  const auto archive = archive_of(*store, *store->read(key), Taken::all);
  ASSERT_OK(archive);
  EXPECT_TRUE(archive->starts_with("PK\x03\x04"));
  EXPECT_NE(archive->find("first"), std::string::npos);
  EXPECT_EQ(*archive, *archive_of(*store, *store->read(key), Taken::all));
  std::ofstream(folder / "store" / "pictures" / key / (id + ".png")) << "other";
  EXPECT_ERROR(archive_of(*store, *store->read(key), Taken::all), ErrorCode::mismatch);
  for (const auto& left : std::filesystem::directory_iterator(folder / "store")) {
    EXPECT_EQ(left.path().string().find(".export-"), std::string::npos) << left.path();
  }
}

}  // namespace
}  // namespace bloodcell::review
