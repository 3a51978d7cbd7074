// What the tests of the store share: a folder of their own, openings of a store, rows with every member set, raw
// access with SQLite behind the store's back, and pictures of a folder and of a store's content.
#pragma once

#include <SQLiteCpp/SQLiteCpp.h>
#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <memory>
#include <sstream>
#include <string>
#include <utility>

#include "store/sqlite_store.h"

namespace cosell::store::testing {

inline const Instant kStart{1'795'000'000'000};

class Folder {
 public:
  Folder() {
    std::string name = (std::filesystem::temp_directory_path() / "store-test-XXXXXX").string();
    path_ = ::mkdtemp(name.data());
  }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  ~Folder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  std::string operator/(const std::string& name) const { return path_ + "/" + name; }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

inline std::string bytes_of_file(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  std::ostringstream out;
  out << in.rdbuf();
  return out.str();
}

inline void write_file(const std::string& path, const std::string& bytes) {
  std::ofstream(path, std::ios::binary | std::ios::trunc) << bytes;
}

// Names and bytes of everything in a folder.
inline std::map<std::string, std::string> picture_of(const std::string& folder) {
  std::map<std::string, std::string> picture;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    picture[entry.path().filename().string()] = bytes_of_file(entry.path().string());
  }
  return picture;
}

template <class T>
void expect_ok(const Result<T>& result) {
  EXPECT_TRUE(result.has_value()) << (result ? "" : result.error().message + " / " + result.error().detail);
}

// The value of a result that must be there.
template <class T>
T value_of(Result<T> result) {
  if (!result) {
    ADD_FAILURE() << result.error().message << " / " << result.error().detail;
    return T{};
  }
  return std::move(*result);
}

class StoreTest : public ::testing::Test {
 protected:
  Result<std::unique_ptr<Store>> try_open(OpenOptions::Mode mode = OpenOptions::Mode::exclusive,
                                          const std::string& pair = "north") {
    OpenOptions options;
    options.mode = mode;
    options.pair = pair;
    return open_sqlite_store(path_, options, clock_);
  }
  std::unique_ptr<Store> open(OpenOptions::Mode mode = OpenOptions::Mode::exclusive) {
    return value_of(try_open(mode));
  }

  // Changes the file behind the store's back.
  void raw(const std::string& sql) {
    SQLite::Database db(path_, SQLite::OPEN_READWRITE);
    db.exec(sql);
  }
  std::string raw_text(const std::string& sql) {
    SQLite::Database db(path_, SQLite::OPEN_READWRITE);
    return db.execAndGet(sql).getString();
  }

  Folder folder_;
  std::string path_ = folder_ / "north.db";
  ManualClock clock_{kStart};
};

inline SideState full_side(const std::string& record, ImageId image, ImageId base) {
  SideState side;
  side.record_id = record;
  side.version = "W/\"" + record + "\"";
  side.existence = Existence::live;
  side.image = image;
  side.base = base;
  side.seen_at = kStart + minutes(1);
  side.changed_at = kStart + minutes(2);
  return side;
}

inline DealRow full_deal(ImageId image) {
  DealRow row;
  row.title = "Contoso \xE2\x80\x94 500 Seats";
  row.owner = "J\xC3\xBCrgen M\xC3\xBCller";
  row.owner_email = "Juergen@Example.com";
  row.engagement_id = "E-1";
  row.crm = full_side("006A", image, image);
  row.partner_center = full_side("r-1", image, ImageId());
  row.partner_center.existence = Existence::out_of_scope;
  row.microsoft = image;
  row.microsoft_id = "m-1";
  row.ask_microsoft_at = kStart + hours(5);
  row.state = DealState::waiting;
  row.waits_for = WaitFor::operator_;
  row.reason = "ask";
  row.message = "The amount changed on both sides.";
  row.next_step = "cosell resolve 1";
  row.since = kStart;
  row.look_again_at = kStart + hours(6);
  row.dirty = true;
  row.marks = {{"settle:won", "2026-11-21T00:00:00.000Z"}, {"odd \"key\"", "line\nbreak"}};
  return row;
}

inline OperationRow full_operation(const std::string& id, DealId deal, RunId run) {
  OperationRow row;
  row.id = OperationId(id);
  row.deal = deal;
  row.run = run;
  row.side = Side::crm;
  row.kind = "opportunity";
  row.verb = "update";
  row.target_id = "006A";
  row.key = "k-1";
  row.must_match = "W/\"7\"";
  row.expected = {{"Amount", Money{100, "EUR"}}};
  row.changes = {{"Amount", Money{250, "EUR"}}, {"Name", std::string("New")}};
  row.engagement_id = "E-1";
  row.step = "won";
  row.planned_at = kStart;
  return row;
}

inline std::string text_of_side(const SideState& s) {
  std::ostringstream out;
  out << s.record_id << '/' << s.version << '/' << static_cast<int>(s.existence) << '/' << s.image.value << '/'
      << s.base.value << '/' << s.seen_at.ms << '/' << s.changed_at.ms;
  return out.str();
}

inline std::string text_of_time(const std::optional<Instant>& t) { return t ? std::to_string(t->ms) : "-"; }

// Every member of a row, so that one comparison shows any that was lost.
inline std::string text_of_deal(const DealRow& r) {
  std::ostringstream out;
  out << r.id.value << '|' << r.title << '|' << r.owner << '|' << r.owner_email << '|' << r.engagement_id << '|'
      << text_of_side(r.crm) << '|' << text_of_side(r.partner_center) << '|' << r.microsoft.value << '|'
      << r.microsoft_id << '|' << text_of_time(r.ask_microsoft_at) << '|' << name_of(r.state) << '|'
      << name_of(r.waits_for) << '|' << r.reason << '|' << r.message << '|' << r.next_step << '|' << r.since.ms << '|'
      << text_of_time(r.look_again_at) << '|' << r.dirty;
  for (const auto& [name, value] : r.marks) out << '|' << name << '=' << value;
  return out.str();
}

inline std::string text_of_columns(const Columns& columns) {
  std::string out;
  for (const auto& [name, value] : columns) out += name + "=" + display(value) + ";";
  return out;
}

inline std::string text_of_operation(const OperationRow& r) {
  std::ostringstream out;
  out << r.id.value << '|' << r.deal.value << '|' << r.run.value << '|' << name_of(r.side) << '|' << r.kind << '|'
      << r.verb << '|' << r.after.value << '|' << r.target_id << '|' << r.key << '|' << r.must_match << '|'
      << text_of_columns(r.expected) << '|' << text_of_columns(r.changes) << '|' << r.engagement_id << '|' << r.step
      << '|' << name_of(r.state) << '|' << r.attempts << '|' << text_of_time(r.not_before) << '|' << r.planned_at.ms
      << '|' << text_of_time(r.sent_at) << '|' << text_of_time(r.finished_at) << '|' << r.error_class << '|'
      << r.error_message << '|' << r.error_detail << '|' << r.error_rule << '|' << r.request_id;
  return out.str();
}

}  // namespace cosell::store::testing
