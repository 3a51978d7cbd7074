// The shape of the store: migrations lead to it, references hold, and the frequent questions are answered by an index.
#include "store/schema.h"

#include <sqlite3.h>

#include "base/text.h"
#include "store/codec.h"
#include "store/store_file.h"
#include "store_testing.h"
#include "tests/support/faulty_vfs.h"

namespace cosell::store {
namespace {

using testing::expect_ok;
using testing::value_of;

// Tables with their columns, indexes and references, independent of how the text was laid out.
std::string shape_of(Connection& connection) {
  std::string shape;
  Query tables = connection.query(
      "SELECT m.type, m.name, m.tbl_name, c.name, c.type, c.\"notnull\", coalesce(c.dflt_value, ''), c.pk"
      " FROM sqlite_master AS m LEFT JOIN pragma_table_info(m.name) AS c ORDER BY m.type, m.name, c.name");
  while (tables.next()) {
    for (int i = 0; i < 8; ++i) shape += tables.text(i) + " ";
    shape += "\n";
  }
  Query indexes = connection.query(
      "SELECT m.name, i.name, i.\"unique\", i.partial, x.name FROM sqlite_master AS m"
      " JOIN pragma_index_list(m.name) AS i JOIN pragma_index_info(i.name) AS x WHERE m.type = 'table'"
      " ORDER BY 1, 2, x.seqno");
  while (indexes.next()) {
    for (int i = 0; i < 5; ++i) shape += indexes.text(i) + " ";
    shape += "\n";
  }
  Query references = connection.query(
      "SELECT m.name, f.\"from\", f.\"table\", f.\"to\", f.on_delete FROM sqlite_master AS m"
      " JOIN pragma_foreign_key_list(m.name) AS f WHERE m.type = 'table' ORDER BY 1, 2");
  while (references.next()) {
    for (int i = 0; i < 5; ++i) shape += references.text(i) + " ";
    shape += "\n";
  }
  return shape;
}

TEST(StoreMigrations, LeadFromNothingToTheNewestShape) {  // I-30
  Connection made("", "");
  create_schema(made);
  Connection migrated("", "");
  migrate(migrated, 0, migrations());
  EXPECT_EQ(shape_of(migrated), shape_of(made));
  EXPECT_NE(shape_of(made).find("deals_by_state"), std::string::npos);
  EXPECT_EQ(migrated.integer("PRAGMA user_version"), newest_version());
  EXPECT_EQ(made.integer("PRAGMA user_version"), newest_version());
}

TEST(StoreMigrations, KeepWhatIsInTheInbox) {  // I-30
  Connection connection("", "");
  const std::vector<std::string_view> first(migrations().begin(), migrations().begin() + 1);
  migrate(connection, 0, first);
  connection.script(
      "INSERT INTO inbox (at, command, arguments, done_at, answer) VALUES (1, 'replay', '{}', 2, 'done')");
  migrate(connection, 1, migrations());
  EXPECT_EQ(connection.text("SELECT command || answer || refused FROM inbox"), "replaydone0");
}

// The exit code of the sync that was answered last stood in a property, beside the entries that had asked for it.
TEST(StoreMigrations, BringTheExitCodeOfASyncToItsEntries) {  // I-30
  Connection connection("", "");
  migrate(connection, 0, {migrations().begin(), migrations().begin() + 8});
  connection.script(
      "INSERT INTO inbox (id, at, command, arguments, done_at, answer, refused) VALUES (1, 1, 'replay', '{}', 2, 'no', "
      "1), (2, 1, 'sync', '{}', 2, 'stopped', 1), (3, 1, 'sync', '{}', 2, 'stopped', 1), (4, 3, 'sync', '{}', NULL, "
      "'', 0);"
      "INSERT INTO properties VALUES ('inbox.sync', '{\"entries\":[2,3],\"exit_code\":4}')");
  migrate(connection, 8, migrations());
  EXPECT_EQ(connection.text("SELECT group_concat(exit_code, ' ') FROM inbox"), "2 4 4 0");
  EXPECT_EQ(connection.integer("SELECT count(*) FROM properties WHERE name = 'inbox.sync'"), 0);
}

TEST(StoreMigrations, AreAppliedAllOrNotAtAll) {  // F-64
  Connection connection("", "");
  create_schema(connection);
  const std::string before = shape_of(connection);
  std::vector<std::string_view> all = migrations();
  all.push_back("CREATE TABLE second (a INTEGER); CREATE TABLE third (a INTEGER)");
  all.push_back("CREATE TABLE fourth (a INTEGER); CREATE TABLE second (again INTEGER)");
  const std::int64_t newest = newest_version();
  EXPECT_THROW(migrate(connection, newest, all), SQLite::Exception);
  EXPECT_EQ(shape_of(connection), before);
  EXPECT_EQ(connection.integer("PRAGMA user_version"), newest);
  EXPECT_EQ(connection.integer("PRAGMA foreign_keys"), 1);
  all.pop_back();
  migrate(connection, newest, all);
  EXPECT_EQ(connection.integer("PRAGMA user_version"), newest + 1);
  EXPECT_NE(shape_of(connection).find("third"), std::string::npos);
}

TEST(StoreMigrations, AreRefusedWhenTheyLeaveReferencesToNothing) {
  Connection connection("", "");
  create_schema(connection);
  std::vector<std::string_view> all = migrations();
  all.push_back("INSERT INTO journal_payloads VALUES (99, '{}')");
  EXPECT_THROW(migrate(connection, newest_version(), all), Refusal);
  EXPECT_EQ(connection.integer("SELECT count(*) FROM journal_payloads"), 0);
  EXPECT_EQ(connection.integer("PRAGMA user_version"), newest_version());
}

using StoreOfAnOlderVersion = testing::StoreTest;

// A store as the first version wrote it: one deal with an image whose names stand in it, a finished write, a line of
// history, and the number of a deal that is gone.
class StoreOfTheFirstVersion : public testing::StoreTest {
 protected:
  StoreOfTheFirstVersion() {
    SQLite::Database db(path_, SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE);
    db.exec(std::string(migrations().front()));
    db.exec("PRAGMA application_id = " + std::to_string(kApplicationId) + "; PRAGMA user_version = 1");
    db.exec("INSERT INTO properties VALUES ('store:pair', 'north')");
    db.exec("INSERT INTO images (hash, columns) VALUES (x'" + text::sha256_hex(encode(columns_)) + "', '" +
            encode(columns_) + "')");
    db.exec(
        "INSERT INTO deals VALUES (1, 'Contoso', '', '', 'E1', '0061', 'v1', 'live', 1, 1, 0, 0, 'r1', 'w1', 'live', "
        "NULL, NULL, 0,"
        " 0, NULL, '', NULL, 'in_sync', 'nobody', '', '', '', 0, NULL, 0, '{}')");
    db.exec("UPDATE sqlite_sequence SET seq = 7 WHERE name = 'deals'");
    db.exec(
        "INSERT INTO operations (id, deal, side, kind, verb, target_id, key, must_match, expected, changes, "
        "agrees_with,"
        " engagement_id, step, state, attempts, planned_at, error_class, error_message, error_detail, error_rule, "
        "request_id)"
        " VALUES ('op', 1, 'crm', 'opportunity', 'update', '0061', '', '', '{}', '{}', '{}', '', '', 'applied', 1, 0, "
        "'', '',"
        " '', '', '')");
    db.exec("INSERT INTO journal VALUES (1, 0, NULL, 1, 'observed', 'seen', zeroblob(32), zeroblob(32), zeroblob(32))");
  }
  const Columns columns_ = {{"Amount", Number{"1005"}}, {"Name", std::string("Contoso")}};
};

TEST_F(StoreOfTheFirstVersion, KeepsItsContentAndGoesOnInTheNewShape) {
  auto store = open();
  EXPECT_EQ(value_of(store->image(ImageId(1))), columns_);
  EXPECT_EQ(value_of(store->put_image(columns_, ImageId(1))).value, 1) << "the same content is the same image";
  const auto deal = value_of(store->deal(DealId(1)));
  ASSERT_TRUE(deal);
  EXPECT_EQ(deal->crm.image, ImageId(1));
  EXPECT_EQ(value_of(store->operation(OperationId("op")))->deal, DealId(1));
  EXPECT_EQ(value_of(store->history(DealId(1), 0, 10)).size(), 1U);
  EXPECT_EQ(value_of(store->add_deal(DealRow{})).value, 8) << "a number that was given away is given again";
  const auto newer = value_of(store->put_image({{"Amount", Number{"7"}}, {"Name", std::string("Fabrikam")}}));
  store.reset();
  EXPECT_EQ(raw_text("PRAGMA user_version"), std::to_string(newest_version()));
  EXPECT_EQ(raw_text("SELECT columns FROM images WHERE id = " + std::to_string(newer.value)), "[7,\"Fabrikam\"]");
  EXPECT_EQ(raw_text("SELECT names FROM image_shapes"), "[\"Amount\",\"Name\"]");
  EXPECT_EQ(raw_text("PRAGMA integrity_check"), "ok");
  EXPECT_EQ(value_of(open()->image(newer)).at("Name"), Value(std::string("Fabrikam")));
}

TEST_F(StoreOfTheFirstVersion, F64_IsTheOldOrTheNewOneWhereverTheDiskInterruptsItsMigration) {  // I-28, I-30
  const std::string old = testing::bytes_of_file(path_);
  test::FaultyVfs vfs("migrating");
  OpenOptions options;
  options.pair = "north";
  options.vfs = "migrating";
  int positions = 0;
  int interrupted = 0;
  for (bool met = true; met; ++positions) {
    for (const char* companion : {"", "-journal", "-wal", "-shm"}) std::filesystem::remove(path_ + companion);
    testing::write_file(path_, old);
    vfs.fail(positions + 1, test::FaultyVfs::Duration::from_then_on, SQLITE_IOERR_WRITE);
    const bool opened = open_sqlite_store(path_, options, clock_).has_value();
    met = vfs.fired() > 0;
    interrupted += opened ? 0 : 1;
    EXPECT_TRUE(met || opened);
    vfs.fail(0, test::FaultyVfs::Duration::once, 0);
    const std::string version = raw_text("PRAGMA user_version");
    EXPECT_TRUE(version == "1" || version == std::to_string(newest_version())) << version;
    EXPECT_EQ(value_of(open()->image(ImageId(1))), columns_) << "position " << positions + 1;
    if (HasFailure()) break;
  }
  EXPECT_GT(interrupted, 10);
}

// Three lines as the third version wrote them, with every hash beside its text: the second one was erased.
TEST_F(StoreOfAnOlderVersion, KeepsAJournalThatVerifies) {  // I-30
  const std::vector<std::pair<std::string, std::string>> lines = {{"one", "{\"a\":1}"}, {"two", "{}"}, {"three", ""}};
  {
    SQLite::Database db(path_, SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE);
    for (std::size_t i = 0; i < 3; ++i) db.exec(std::string(migrations()[i]));
    db.exec("PRAGMA application_id = " + std::to_string(kApplicationId) + "; PRAGMA user_version = 3");
    db.exec("INSERT INTO properties VALUES ('store:pair', 'north')");
    std::string hash(64, '0');
    for (std::size_t i = 0; i < lines.size(); ++i) {
      const auto& [summary, payload] = lines[i];
      const std::string number = std::to_string(i + 1);
      const std::string summary_hash = text::sha256_hex(summary);
      const std::string payload_hash = text::sha256_hex(payload);
      hash = text::sha256_hex(hash + "|" + number + "|5|0|7|decided|" + summary_hash + "|" + payload_hash);
      const bool erased = i == 1;
      db.exec("INSERT INTO journal VALUES (" + number + ", 5, NULL, 7, 'decided', " +
              (erased ? "NULL" : "'" + summary + "'") + ", x'" + summary_hash + "', x'" + payload_hash + "', x'" +
              hash + "')");
      if (erased || payload.empty()) continue;
      db.exec("INSERT INTO journal_payloads VALUES (" + number + ", '" + payload + "')");
    }
    db.exec("INSERT INTO journal_head VALUES (1, 3, x'" + hash + "')");
  }
  auto store = open();
  EXPECT_EQ(value_of(store->verify_journal()), 3);
  EXPECT_EQ(value_of(store->erase_from_journal(DealId(7), testing::kStart)).lines, 2);
  EXPECT_EQ(value_of(store->verify_journal()), 4);
  store.reset();
  raw("UPDATE journal SET summary = 'two' WHERE sequence = 2");
  EXPECT_FALSE(open()->verify_journal());
}

// Counts the steps of SQLite's machine that the statements of every connection take.
class StepCounter {
 public:
  StepCounter() { sqlite3_auto_extension(reinterpret_cast<void (*)()>(&watch)); }
  StepCounter(const StepCounter&) = delete;
  StepCounter& operator=(const StepCounter&) = delete;
  ~StepCounter() { sqlite3_reset_auto_extension(); }

  static int steps_of(const std::function<void()>& work) {
    steps() = 0;
    work();
    return steps();
  }

 private:
  static int& steps() {
    static int count = 0;
    return count;
  }
  static int watch(sqlite3* db, char**, const sqlite3_api_routines*) {
    return sqlite3_trace_v2(db, SQLITE_TRACE_PROFILE, &finished, nullptr);
  }
  static int finished(unsigned, void*, void* statement, void*) {
    steps() += sqlite3_stmt_status(static_cast<sqlite3_stmt*>(statement), SQLITE_STMTSTATUS_VM_STEP, 1);
    return 0;
  }
};

class CostOfQuestions : public testing::StoreTest {
 protected:
  // Many quiet deals with finished operations and history, one dirty deal and one open operation at the end.
  void fill(Store& store) {
    expect_ok(store.transaction([&]() -> Result<void> {
      for (int i = 0; i < kDeals; ++i) {
        const std::string name = std::to_string(i);
        DealRow row;
        row.crm.record_id = "006" + name;
        row.partner_center.record_id = "r" + name;
        row.engagement_id = "E" + name;
        row.state = DealState::in_sync;
        row.look_again_at = testing::kStart + days(1);
        row.crm.image = value_of(store.put_image({{"n", Number{name}}}));
        row.dirty = i == kDeals - 1;
        row.id = value_of(store.add_deal(row));
        OperationRow operation = testing::full_operation("op" + name, row.id, RunId());
        operation.state = row.dirty ? OperationState::sent : OperationState::applied;
        expect_ok(store.add_operation(operation));
        JournalEntry entry;
        entry.deal = row.id;
        expect_ok(store.journal(entry));
      }
      return {};
    }));
  }
  static constexpr int kDeals = 2'000;
  // Walking all deals would take several steps for each.
  static constexpr int kFew = 1'000;

  StepCounter counter_;
};

TEST_F(CostOfQuestions, DoesNotGrowWithTheNumberOfQuietDeals) {  // I-40
  auto store = open();
  fill(*store);
  const Instant now = testing::kStart;
  const auto expect_few = [&](const char* question, const std::function<void()>& ask) {
    const int steps = StepCounter::steps_of(ask);
    EXPECT_GT(steps, 0) << question;
    EXPECT_LT(steps, kFew) << question;
  };
  expect_few("to decide", [&] { EXPECT_EQ(value_of(store->deals_to_decide(now, DealId(), 500)).size(), 1U); });
  expect_few("to ask", [&] { EXPECT_EQ(value_of(store->deals_to_ask_microsoft(now, DealId(), 500)).size(), 0U); });
  expect_few("by CRM record", [&] { EXPECT_TRUE(value_of(store->deal_by_record(Side::crm, "006700"))); });
  expect_few("by referral", [&] { EXPECT_TRUE(value_of(store->deal_by_record(Side::partner_center, "r700"))); });
  expect_few("by engagement", [&] { EXPECT_EQ(value_of(store->deals_by_engagement("E700")).size(), 1U); });
  expect_few("history", [&] { EXPECT_EQ(value_of(store->history(DealId(700), 0, 100)).size(), 1U); });
  expect_few("same image", [&] { expect_ok(store->put_image({{"n", Number{"700"}}}, ImageId(700))); });
  expect_few("new image", [&] { expect_ok(store->put_image({{"n", Number{"-1"}}}, ImageId(700))); });
  expect_few("journal", [&] { expect_ok(store->journal({})); });
  expect_few("failed deals", [&] {
    DealFilter failed;
    failed.state = DealState::failed;
    EXPECT_EQ(value_of(store->deals(failed)).size(), 0U);
  });
  for (const OperationState state : {OperationState::planned, OperationState::sent, OperationState::unknown}) {
    expect_few(name_of(state), [&] {
      OperationFilter open;
      open.state = state;
      EXPECT_EQ(value_of(store->operations(open)).size(), state == OperationState::sent ? 1U : 0U);
    });
  }
  expect_few("operations of a deal", [&] {
    OperationFilter of_deal;
    of_deal.deal = DealId(700);
    EXPECT_EQ(value_of(store->operations(of_deal)).size(), 1U);
  });
}

TEST_F(CostOfQuestions, IsNoticedWhenEveryDealIsWalked) {
  auto store = open();
  fill(*store);
  DealFilter filter;
  filter.name_part = "nowhere";
  EXPECT_GT(StepCounter::steps_of([&] { expect_ok(store->deals(filter)); }), kFew);
}

}  // namespace
}  // namespace cosell::store
