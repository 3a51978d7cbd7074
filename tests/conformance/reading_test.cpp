// Reading: every record once, nothing lost however a read is cut, resumed, forgotten or moved to another system.
#include <algorithm>
#include <map>
#include <set>

#include "tests/conformance/conformance.h"

namespace cosell::conformance {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::UnorderedElementsAre;
using testing::UnorderedElementsAreArray;

class Reading : public Conformance {
 protected:
  std::vector<std::string> people_create(int count) {
    std::vector<std::string> ids;
    for (int i = 0; i < count; ++i) ids.push_back(target().person_creates("Deal " + std::to_string(i)).value);
    return ids;
  }
  // Reads on from the cursor and gives the ids, a refusal as "refused: <class>".
  std::vector<std::string> ids_from(const Cursor& cursor) { return ids_of(pull_all(cursor).seen); }
};
INSTANTIATE_TEST_SUITE_P(Conformance, Reading, testing::ValuesIn(systems()), name_of_system);

TEST_P(Reading, AnEmptySystemGivesNothingAndIsCaughtUp) {
  const Result<Page> page = pull_page({});
  ASSERT_TRUE(page.has_value()) << told(page.error());
  EXPECT_THAT(page->seen, IsEmpty());
  EXPECT_TRUE(page->caught_up);
  EXPECT_TRUE(page->full_listing);
  EXPECT_FALSE(page->next.empty());
  EXPECT_THAT(pull_all(page->next).seen, IsEmpty());
}

TEST_P(Reading, GivesEachRecordOnceWhereverThePagesEnd) {
  for (const int count : {0, 1, facts.page - 1, facts.page, facts.page + 1, 3 * facts.page + 2}) {
    const auto fresh = GetParam().make();
    std::vector<std::string> ids;
    for (int i = 0; i < count; ++i) ids.push_back(fresh->person_creates("Deal").value);
    std::vector<std::string> seen;
    Cursor at;
    for (int pages = 0; pages < 50; ++pages) {
      Call call = fresh->bench.call();
      const Result<Page> page = fresh->connector().pull(call, {at, facts.columns, facts.page});
      ASSERT_TRUE(page.has_value()) << told(page.error());
      for (const Observation& o : page->seen) seen.push_back(o.id.value);
      at = page->next;
      if (page->caught_up) break;
    }
    EXPECT_THAT(seen, UnorderedElementsAreArray(ids)) << count << " records";
  }
}

TEST_P(Reading, APageHoldsNoMoreThanWasAskedFor) {  // I-40
  const int limit = facts.least_page_limit;
  bench().set("page_size", std::to_string(std::max(limit + 100, 100)));
  const auto ids = people_create(limit + 1);
  Cursor at;
  std::vector<std::string> seen;
  for (int pages = 0; pages < 10; ++pages) {
    const Result<Page> page = pull_page(at, limit);
    ASSERT_TRUE(page.has_value()) << told(page.error());
    EXPECT_LE(page->seen.size(), static_cast<std::size_t>(limit));
    for (const Observation& o : page->seen) seen.push_back(o.id.value);
    at = page->next;
    if (page->caught_up) break;
  }
  EXPECT_THAT(seen, UnorderedElementsAreArray(ids));
}

// The clock stands still: all records carry the same time, as after a mass change.
TEST_P(Reading, RecordsOfOneMomentAreNotLostOverAPageEdge) {
  const auto ids = people_create(2 * facts.page + 3);
  Pulled first = pull_all();
  EXPECT_THAT(ids_of(first.seen), UnorderedElementsAreArray(ids));
  // More of the same moment, after the read.
  const auto later = people_create(facts.page + 1);
  EXPECT_THAT(ids_from(first.last()), testing::IsSupersetOf(later));
}

TEST_P(Reading, EditsMadeWhileItReadsAreNotLost) {
  const auto ids = people_create(3 * facts.page);
  std::map<std::string, std::string> known;  // id, text as last seen
  Cursor at;
  for (int pages = 0; pages < 50; ++pages) {
    const Result<Page> page = pull_page(at, facts.page);
    ASSERT_TRUE(page.has_value()) << told(page.error());
    for (const Observation& o : page->seen) known[o.id.value] = text(o, parts.text);
    at = page->next;
    if (page->caught_up) break;
    bench().clock.move(seconds(2));
    // One near each end: delivered already or not, depending on the direction in which the system lists.
    target().person_writes(RecordId(ids[static_cast<std::size_t>(pages)]), "edited " + std::to_string(pages));
    target().person_writes(RecordId(ids[ids.size() - 1 - static_cast<std::size_t>(pages)]), "edited too");
  }
  bench().clock.move(seconds(2));
  for (const Observation& o : pull_all(at).seen) known[o.id.value] = text(o, parts.text);
  for (const std::string& id : ids) {
    EXPECT_EQ(known[id], target().text_on_server(RecordId(id), parts.text)) << id;
  }
}

TEST_P(Reading, GoesOnFromEveryPageInAnotherProcess) {
  const auto ids = people_create(3 * facts.page + 4);
  const Pulled whole = pull_all();
  ASSERT_GT(whole.cursors.size(), 2U);
  std::size_t delivered = 0;
  for (std::size_t p = 0; p + 1 < whole.cursors.size(); ++p) {
    delivered += whole.per_page[p];
    target().reconnect();
    std::vector<std::string> all(ids_of(whole.seen));
    all.resize(delivered);
    const Pulled rest = pull_all(whole.cursors[p]);
    EXPECT_TRUE(rest.full_listing) << "a listing stays one when it is resumed";
    const auto more = ids_of(rest.seen);
    all.insert(all.end(), more.begin(), more.end());
    EXPECT_THAT(all, UnorderedElementsAreArray(ids)) << "after page " << p + 1;
  }
  target().reconnect();
  EXPECT_THAT(pull_all(whole.last()).seen, IsEmpty()) << "nothing changed since the last page";
}

TEST_P(Reading, AChangeIsShownWithANewVersionAndOnlyOnce) {
  const auto ids = people_create(3);
  Pulled before = pull_all();
  bench().clock.move(minutes(1));
  target().person_writes(RecordId(ids[1]), "changed by a person");
  const Pulled changed = pull_all(before.last());
  ASSERT_THAT(ids_of(changed.seen), ElementsAre(ids[1]));
  EXPECT_FALSE(changed.full_listing);
  const auto was =
      std::find_if(before.seen.begin(), before.seen.end(), [&](const Observation& o) { return o.id.value == ids[1]; });
  ASSERT_NE(was, before.seen.end());
  EXPECT_NE(changed.seen[0].version, was->version);
  EXPECT_GT(changed.seen[0].changed_at, was->changed_at);
  EXPECT_EQ(text(changed.seen[0], parts.text), "changed by a person");
  EXPECT_THAT(pull_all(changed.last()).seen, IsEmpty());
}

TEST_P(Reading, OwnWritesComeBackAsTheyAreStored) {
  const Cursor start = pull_all().last();
  bench().clock.move(minutes(1));
  const Observation a = created("Made by the bridge");
  const Pulled seen = pull_all(start);
  ASSERT_THAT(ids_of(seen.seen), ElementsAre(a.id.value));
  for (const std::string& name : facts.columns) {
    EXPECT_EQ(column(seen.seen[0].columns, name), column(a.columns, name)) << name;
  }
  EXPECT_EQ(seen.seen[0].version, a.version);
  EXPECT_EQ(seen.seen[0].key, a.key);
}

TEST_P(Reading, AnIdlePullCostsOneRequest) {
  for (int i = 0; i < 2 * facts.page; ++i) {
    target().person_creates("Deal");
    bench().clock.move(minutes(1));
  }
  Cursor at = pull_all().last();
  // The first pull after a change looks at what is still fresh once more.
  bench().clock.move(minutes(30));
  at = pull_all(at).last();
  for (const bool restart : {false, true, false}) {
    bench().clock.move(minutes(30));
    if (restart) target().reconnect();
    const std::size_t before = requests();
    const Pulled idle = pull_all(at);
    EXPECT_EQ(requests() - before, facts.idle_requests + (restart ? facts.first_requests : 0));
    EXPECT_THAT(idle.seen, IsEmpty());
    EXPECT_FALSE(idle.full_listing);
    at = idle.last();
  }
}

// ---- positions that do not fit

TEST_P(Reading, APositionFromAnotherSystemIsRefusedOrReadsEverything) {
  people_create(facts.page + 1);
  const Pulled here = pull_all();
  target().move_elsewhere();
  bench().clock.move(minutes(1));
  const RecordId there = target().person_creates("Of the other system");
  for (const Cursor& cursor : here.cursors) {
    const Result<Page> page = pull_page(cursor);
    if (page) {
      EXPECT_TRUE(page->full_listing);
      EXPECT_THAT(ids_of(page->seen), ElementsAre(there.value));
    } else {
      EXPECT_EQ(page.error().kind, ErrorClass::cursor_invalid) << told(page.error());
    }
  }
  EXPECT_THAT(ids_from({}), ElementsAre(there.value));
}

TEST_P(Reading, ADamagedPositionIsRefusedAsSuch) {
  people_create(facts.page + 1);
  const Cursor good = pull_all().cursors.front();
  for (const std::string& bad :
       {std::string("x"), std::string("{}"), std::string("[]"), good.value.substr(0, good.value.size() / 2),
        good.value + "x", std::string("\0\xff", 2)}) {
    const Result<Page> page = pull_page(Cursor(bad));
    ASSERT_FALSE(page.has_value()) << bad;
    EXPECT_EQ(page.error().kind, ErrorClass::cursor_invalid) << bad;
  }
}

TEST_P(Reading, APositionOfAnotherVersionIsRefusedAsSuch) {
  people_create(facts.page + 1);
  for (const Cursor& cursor : pull_all().cursors) {
    const std::string version = "\"v\":";
    const std::size_t at = cursor.value.find(version);
    ASSERT_NE(at, std::string::npos) << "a position names the version that can read it, like \"v\":1";
    const std::size_t from = at + version.size();
    const std::string number = cursor.value.substr(from, cursor.value.find_first_not_of("0123456789", from) - from);
    for (const int other : {std::stoi(number) + 1, std::stoi(number) - 1}) {
      std::string changed = cursor.value;
      const Result<Page> page = pull_page(Cursor(changed.replace(from, number.size(), std::to_string(other))));
      ASSERT_FALSE(page.has_value()) << changed;
      EXPECT_EQ(page.error().kind, ErrorClass::cursor_invalid) << told(page.error());
    }
  }
}

TEST_P(Reading, OtherColumnsEndThePositionUnlessTheyWereShownAlready) {
  people_create(3);
  const Pulled before = pull_all();
  Call call = bench().call();
  const Result<Page> page = connector().pull(call, {before.last(), facts.more_columns, 2000});
  if (page) {
    for (const Observation& o : before.seen) EXPECT_EQ(o.columns.count(facts.more_columns.back()), 1U);
  } else {
    EXPECT_EQ(page.error().kind, ErrorClass::cursor_invalid) << told(page.error());
    const Result<Page> again = connector().pull(call, {{}, facts.more_columns, 2000});
    ASSERT_TRUE(again.has_value()) << told(again.error());
    EXPECT_EQ(again->seen.size(), 3U);
    for (const Observation& o : again->seen) EXPECT_EQ(o.columns.count(facts.more_columns.back()), 1U);
  }
}

// Times to come bring nothing; a token that the server never gave is refused, and everything is read again.
TEST_P(Reading, APositionFromTheFutureGivesNothingOrIsRefusedAsSuch) {
  people_create(3);
  bench().clock.move(days(10));
  people_create(1);
  const Cursor future = pull_all().last();
  // The server lost the newest record, and its clock was set back.
  const auto fresh = GetParam().make();
  for (int i = 0; i < 3; ++i) fresh->person_creates("Deal");
  Call call = fresh->bench.call();
  const Result<Page> page = fresh->connector().pull(call, {future, facts.columns, 2000});
  if (!page) {
    EXPECT_EQ(page.error().kind, ErrorClass::cursor_invalid) << told(page.error());
    return;
  }
  EXPECT_THAT(page->seen, IsEmpty());
  EXPECT_TRUE(page->caught_up);
}

TEST_P(Reading, AForgottenPositionIsTypedOrReadAgainWithoutLoss) {
  const auto ids = people_create(3 * facts.page);
  const Result<Page> first = pull_page({}, facts.page);
  ASSERT_TRUE(first.has_value() && !first->caught_up);
  target().pages_die();
  const Result<Page> next = pull_page(first->next, facts.page);
  if (!next) {
    EXPECT_EQ(next.error().kind, ErrorClass::cursor_invalid) << told(next.error());
    EXPECT_THAT(ids_from({}), UnorderedElementsAreArray(ids));
    return;
  }
  const auto rest = ids_from(first->next);
  std::set<std::string> all(rest.begin(), rest.end());
  for (const Observation& o : first->seen) all.insert(o.id.value);
  EXPECT_THAT(all, UnorderedElementsAreArray(ids));
}

// ---- records that went

TEST_P(Reading, ARemovedRecordIsSeenOrDeclaredUnseen) {
  const Observation gone = created("Gone");
  const Observation stays = created("Stays");
  const Cursor at = pull_all().last();
  bench().clock.move(minutes(1));
  target().person_removes(gone.id);
  std::map<std::string, Existence> seen;
  for (const Observation& o : pull_all(at).seen) seen[o.id.value] = o.existence;
  if (facts.delta_includes_deletes) {
    ASSERT_EQ(seen.count(gone.id.value), 1U);
    EXPECT_EQ(seen[gone.id.value], Existence::deleted);
  } else {
    EXPECT_EQ(seen.count(gone.id.value), 0U) << "declared unseen";
  }
  for (const Observation& o : by_id(gone.id)) EXPECT_NE(o.existence, Existence::live);
  EXPECT_EQ(read(stays.id).existence, Existence::live);
}

// ---- by id and key

TEST_P(Reading, FetchShowsWhatThePullShowed) {
  people_create(facts.page + 2);
  for (const Observation& pulled : pull_all().seen) {
    const Observation fetched = read(pulled.id);
    EXPECT_EQ(fetched.columns, pulled.columns);
    EXPECT_EQ(fetched.version, pulled.version);
    EXPECT_EQ(fetched.key, pulled.key);
    EXPECT_EQ(fetched.kind, facts.kind);
  }
}

TEST_P(Reading, FetchLeavesOutWhatDoesNotExist) {
  const Observation a = created("A");
  const auto fresh = GetParam().make();
  for (int i = 0; i < 5; ++i) fresh->person_creates("In another system");
  const RecordId unknown = fresh->person_creates("Unknown here");
  RecordRef known;
  known.kind = facts.kind;
  known.id = a.id;
  RecordRef other = known;
  other.id = unknown;
  RecordRef rubbish = known;
  rubbish.id = RecordId("rubbish' OR 1=1 --");
  RecordRef key;
  key.kind = facts.kind;
  key.key = BridgeKey(target().new_key());
  key.created_after = now() - hours(1);
  EXPECT_THAT(ids_of(fetch({other, known, rubbish, key})), ElementsAre(a.id.value));
  const std::size_t before = requests();
  EXPECT_THAT(fetch({}), IsEmpty());
  EXPECT_EQ(requests(), before) << "asking for nothing asks nobody";
}

// A record that a fetch leaves out is taken for deleted.
TEST_P(Reading, FetchGivesEachOfManyHoweverFewAPageHolds) {
  std::vector<Operation> ops;
  for (int i = 0; i < 3 * facts.page + 2; ++i) ops.push_back(create_of("Deal " + std::to_string(i)));
  std::vector<std::string> ids;
  std::vector<RecordRef> by_ids;
  std::vector<RecordRef> by_keys;
  for (std::size_t i = 0; i < ops.size(); i += static_cast<std::size_t>(capabilities().batch_max)) {
    const std::size_t n = std::min(ops.size() - i, static_cast<std::size_t>(capabilities().batch_max));
    for (const Outcome& done : push(std::vector<Operation>(ops.begin() + i, ops.begin() + i + n))) {
      ASSERT_NE(applied_in(done), nullptr) << told(done);
      ids.push_back(applied_in(done)->id.value);
      by_ids.push_back({facts.kind, applied_in(done)->id, {}});
    }
  }
  for (const Operation& op : ops) by_keys.push_back({facts.kind, {}, op.target.key, now() - hours(1)});
  EXPECT_THAT(ids_of(fetch(by_ids)), UnorderedElementsAreArray(ids)) << "by id";
  EXPECT_THAT(ids_of(fetch(by_keys)), UnorderedElementsAreArray(ids)) << "by key";
}

// ---- stopping

TEST_P(Reading, StoppingBetweenPagesLosesNothing) {
  const auto ids = people_create(2 * facts.page);
  const Result<Page> first = pull_page({}, facts.page);
  ASSERT_TRUE(first.has_value());
  bench().stop(true);
  const std::size_t before = requests();
  const Result<Page> stopped = pull_page(first->next, facts.page);
  ASSERT_FALSE(stopped.has_value());
  EXPECT_EQ(stopped.error().kind, ErrorClass::cancelled) << told(stopped.error());
  EXPECT_EQ(requests(), before);
  bench().stop(false);
  target().reconnect();
  auto all = ids_of(first->seen);
  const auto rest = ids_from(first->next);
  all.insert(all.end(), rest.begin(), rest.end());
  EXPECT_THAT(all, UnorderedElementsAreArray(ids));
}

}  // namespace
}  // namespace cosell::conformance
