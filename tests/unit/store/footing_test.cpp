// What deals stand on: told by the journal without anybody thinking of it, and got back from it (I-33).
#include "store/footing.h"

#include <atomic>
#include <thread>

#include "store/schema.h"
#include "store/store_file.h"
#include "store_testing.h"

namespace cosell::store {
namespace {

using testing::expect_ok;
using testing::kStart;
using testing::value_of;

class StoreFootings : public testing::StoreTest {
 protected:
  static JournalEntry entry(const std::string& summary, DealId deal, Instant at = kStart) {
    JournalEntry e;
    e.at = at;
    e.deal = deal;
    e.kind = JournalKind::outcome;
    e.summary = summary;
    e.payload = R"({"record":"R-1"})";
    return e;
  }
  static DealRow opportunity(const std::string& id) {
    DealRow row;
    row.title = "Deal " + id;
    row.crm.record_id = id;
    return row;
  }
  static DealRow referral(const std::string& id) {
    DealRow row;
    row.title = "Deal " + id;
    row.partner_center.record_id = id;
    return row;
  }
  static ImageId picture(Store& store, const std::string& name) {
    return value_of(store.put_image({{"name", Value{name}}}));
  }
  // A deal that begins in the CRM, gets its referral, and agrees on pictures and one value.
  static DealRow agreed_deal(Store& store) {
    DealRow row = opportunity("006");
    expect_ok(store.transaction([&]() -> Result<void> {
      row.id = value_of(store.add_deal(row));
      return store.journal(entry("First seen", row.id));
    }));
    expect_ok(store.transaction([&]() -> Result<void> {
      row.partner_center.record_id = "R-1";
      row.crm.base = row.crm.image = picture(store, "crm");
      row.partner_center.base = row.partner_center.image = picture(store, "referral");
      row.marks["base.value"] = R"({"crm":5,"partner_center":6})";
      row.marks["attempts"] = "2";
      expect_ok(store.update_deal(row));
      return store.journal(entry("Referral created", row.id));
    }));
    return row;
  }
  std::string verdict() {
    const auto verified = open()->verify_journal();
    if (verified) return "";
    EXPECT_EQ(verified.error().kind, ErrorClass::store_damaged);
    return verified.error().message;
  }
};

TEST_F(StoreFootings, AreToldByTheNextLineAboutTheDeal) {
  auto store = open();
  const DealRow row = agreed_deal(*store);
  const auto lines = value_of(store->history(row.id, 0, 10));
  ASSERT_EQ(lines.size(), 2U);
  EXPECT_EQ(lines[0].payload, R"({"footing":{"crm":"006"},"record":"R-1"})");
  EXPECT_EQ(lines[1].payload,
            R"({"footing":{"agreed":{"value":{"crm":5,"partner_center":6}},"crm_base":1,"partner_center":"R-1",)"
            R"("partner_center_base":2},"record":"R-1"})");
  EXPECT_EQ(value_of(store->verify_journal()), 2);
}

TEST_F(StoreFootings, AreToldByALineOfTheirOwnWhenNoOtherSpeaksOfTheDeal) {
  auto store = open();
  DealRow row = agreed_deal(*store);
  const RunId run = value_of(store->start_run("sync", kStart + hours(1), "{}", "hash", ""));
  row.marks.erase("base.value");
  expect_ok(store->update_deal(row));
  const auto lines = value_of(store->history(row.id, 0, 10));
  ASSERT_EQ(lines.size(), 3U);
  EXPECT_EQ(lines[2].summary, "Both sides agree on what they show");
  EXPECT_EQ(lines[2].payload, R"({"footing":{"agreed":{"value":null}}})");
  EXPECT_EQ(lines[2].kind, JournalKind::linked);
  EXPECT_EQ(lines[2].at, kStart + hours(1));
  EXPECT_EQ(lines[2].run, run);
  EXPECT_EQ(value_of(store->verify_journal()), 3);
}

TEST_F(StoreFootings, AreNotToldWhenNothingBecameOfThem) {
  auto store = open();
  DealRow row = agreed_deal(*store);
  expect_ok(store->transaction([&]() -> Result<void> {
    DealRow other = row;
    other.partner_center.record_id.clear();
    expect_ok(store->update_deal(other));
    row.marks["attempts"] = "3";
    return store->update_deal(row);
  }));
  EXPECT_EQ(value_of(store->history(row.id, 0, 10)).size(), 2U);
  const auto failed = store->transaction([&]() -> Result<void> {
    row.crm.base = ImageId{};
    expect_ok(store->update_deal(row));
    return make_error(ErrorClass::guard, "Stopped.");
  });
  EXPECT_FALSE(failed);
  EXPECT_EQ(value_of(store->verify_journal()), 2);
}

TEST_F(StoreFootings, SurviveThatTwoHalvesBecomeOneDeal) {
  auto store = open();
  const DealId half = value_of(store->add_deal(referral("R-1")));
  DealRow whole = opportunity("006");
  whole.id = value_of(store->add_deal(whole));
  expect_ok(store->transaction([&]() -> Result<void> {
    expect_ok(store->remove_deal(half, whole.id));
    whole.partner_center.record_id = "R-1";
    return store->update_deal(whole);
  }));
  const auto lines = value_of(store->history(whole.id, 0, 10));
  EXPECT_EQ(lines.back().summary, "Opportunity 006 and referral R-1 are one deal");
  EXPECT_EQ(lines.back().payload, R"({"footing":{"merged":[1],"partner_center":"R-1"}})");
  expect_ok(store->verify_journal());
  expect_ok(store->erase_from_journal(whole.id, kStart));
  expect_ok(store->verify_journal());
}

TEST_F(StoreFootings, AreFollowedFromWhereOlderLinesWerePruned) {  // I-33
  auto store = open();
  DealRow row = agreed_deal(*store);
  const DealId half = value_of(store->add_deal(referral("R-2")));
  DealRow other = opportunity("007");
  other.id = value_of(store->add_deal(other));
  expect_ok(store->journal(entry("A day later", row.id, kStart + days(1))));
  EXPECT_EQ(value_of(store->prune_journal(kStart + days(1), kStart + days(1))).lines, 4);
  expect_ok(store->verify_journal());
  expect_ok(store->transaction([&]() -> Result<void> {
    expect_ok(store->remove_deal(half, other.id));
    other.partner_center.record_id = "R-2";
    expect_ok(store->update_deal(other));
    row.crm.base = picture(*store, "later");
    return store->update_deal(row);
  }));
  expect_ok(store->verify_journal());
  expect_ok(store->journal(entry("Two days later", row.id, kStart + days(2))));
  EXPECT_EQ(value_of(store->prune_journal(kStart + days(2), kStart + days(2))).lines, 3);
  expect_ok(store->verify_journal());
  store.reset();
  EXPECT_EQ(raw_text("SELECT group_concat(deal) FROM footings"), "1,3");
}

TEST_F(StoreFootings, AreToldAnewWhenTheHistoryOfADealIsErased) {
  auto store = open();
  const DealRow row = agreed_deal(*store);
  expect_ok(store->erase_from_journal(row.id, kStart + days(1)));
  expect_ok(store->verify_journal());
  const auto lines = value_of(store->history(row.id, 0, 10));
  ASSERT_EQ(lines.size(), 3U);
  EXPECT_EQ(lines[2].at, kStart + days(1));
  EXPECT_EQ(lines[2].payload, R"({"footing":{"agreed":{"value":{"crm":5,"partner_center":6}},"crm":"006","crm_base":1,)"
                              R"("partner_center":"R-1","partner_center_base":2}})");
}

TEST_F(StoreFootings, OfAnOlderStoreAreFollowedFromTheirMigrationOn) {  // I-30
  {
    SQLite::Database database(path_, SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE);
    for (std::size_t i = 0; i < 3; ++i) database.exec(std::string(migrations()[i]));
    database.exec("PRAGMA user_version = 3; PRAGMA application_id = " + std::to_string(kApplicationId));
    database.exec("INSERT INTO properties VALUES ('store:pair', 'north')");
  }
  raw("INSERT INTO images (hash, columns) VALUES (zeroblob(32), '{}');"
      "INSERT INTO deals VALUES (4, 'Old', '', '', '', '006', '', 'live', 1, 1, 0, 0, 'R-1', '', 'live', 1, 1, 0, 0,"
      " NULL, '', NULL, 'in_sync', 'nobody', '', '', '', 0, NULL, 0,"
      " '{\"attempts\":\"1\",\"base.value\":\"{\\\"crm\\\":5,\\\"partner_center\\\":6}\"}')");
  auto store = open();
  expect_ok(store->verify_journal());
  DealRow row = *value_of(store->deal(DealId(4)));
  EXPECT_EQ(row.marks.at("base.value"), R"({"crm":5,"partner_center":6})");
  row.marks.clear();
  expect_ok(store->update_deal(row));
  expect_ok(store->verify_journal());
}

TEST_F(StoreFootings, AreFollowedWhileAnotherProcessGoesOnWriting) {
  auto writer = open();
  agreed_deal(*writer);
  auto reader = open(OpenOptions::Mode::shared);
  std::atomic<bool> ends = false;
  std::thread verifying([&] {
    while (!ends) expect_ok(reader->verify_journal());
  });
  for (int i = 0; i < 300; ++i) value_of(writer->add_deal(opportunity("a" + std::to_string(i))));
  ends = true;
  verifying.join();
  expect_ok(reader->verify_journal());
}

struct Damage {
  const char* sql;
  const char* named;
  friend std::ostream& operator<<(std::ostream& out, const Damage& d) { return out << d.sql; }
};

class DamagedFootings : public StoreFootings, public ::testing::WithParamInterface<Damage> {};

TEST_P(DamagedFootings, AreNoticedAndTheDealNamed) {
  {
    auto store = open();
    agreed_deal(*store);
    value_of(store->add_deal(referral("R-2")));
  }
  ASSERT_EQ(verdict(), "");
  raw(GetParam().sql);
  EXPECT_NE(verdict().find(GetParam().named), std::string::npos) << verdict();
}

INSTANTIATE_TEST_SUITE_P(
    InWhateverIsStored, DamagedFootings,
    ::testing::Values(
        Damage{"UPDATE deals SET partner_center_record_id = 'R-9' WHERE id = 1",
               "Deal 006 has the referral R-9, and its history says R-1"},
        Damage{"UPDATE deals SET crm_record_id = NULL WHERE id = 1",
               "Deal 006 has the opportunity none, and its history says 006"},
        Damage{"UPDATE deals SET crm_base = 2 WHERE id = 1", "Deal 006 has other agreed values"},
        Damage{"UPDATE deals SET partner_center_base = NULL WHERE id = 1", "Deal 006 has other agreed values"},
        Damage{"UPDATE deals SET marks = '{}' WHERE id = 1", "Deal 006 has other agreed values"},
        Damage{"DELETE FROM deals WHERE id = 2", "Deal 2 has gone from the store"},
        Damage{"INSERT INTO footings VALUES (7, 1, '{\"crm\":\"008\"}')", "Deal 7 has gone from the store"},
        Damage{"UPDATE deals SET id = 3 WHERE id = 2", "Deal R-2 has the referral R-2, and its history says none"},
        Damage{"INSERT INTO footings VALUES (1, 9, 'nonsense')", "unreadable"}));

}  // namespace
}  // namespace cosell::store
