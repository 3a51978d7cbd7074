// What the tests of the kit share: one system under test, the verbs of the contract as short calls that check what
// always holds (one outcome for each operation, in its order), and a way to say that a behaviour does not apply.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "tests/conformance/target.h"

namespace cosell {
// For messages of failed tests.
inline void PrintTo(ErrorClass c, std::ostream* out) { *out << name_of(c); }
}  // namespace cosell

namespace cosell::conformance {

struct Pulled {
  std::vector<Observation> seen;
  std::vector<Cursor> cursors;        // after each page
  std::vector<std::size_t> per_page;  // how many each page brought
  bool full_listing = false;
  Cursor last() const { return cursors.empty() ? Cursor() : cursors.back(); }
};

class Conformance : public testing::TestWithParam<System> {
 protected:
  Conformance() : target_(GetParam().make()), facts(target_->facts()), parts(target_->facts().parts) {}

  // ---- the contract's verbs
  Result<Page> pull_page(const Cursor& cursor, int limit = 2000);
  Pulled pull_all(const Cursor& cursor = {});
  std::vector<Observation> fetch(const std::vector<RecordRef>& refs);
  std::vector<Observation> by_id(const RecordId& id);
  std::vector<Observation> by_key(const std::string& key);
  // The one record with the id; a failure when there is none.
  Observation read(const RecordId& id);
  std::vector<Outcome> push(const std::vector<Operation>& operations);
  Outcome push(const Operation& operation) { return push(std::vector<Operation>{operation}).front(); }
  std::vector<Finding> check(const std::vector<std::string>& read, const std::vector<std::string>& written);

  // ---- operations
  Operation create_of(const std::string& key, Columns columns);
  Operation create_of(const std::string& title) { return create_of(target_->new_key(), complete(title)); }
  // Planned from what was seen, in the way that the capabilities ask for.
  Operation update_of(const Observation& seen, Columns changes);
  // One that changes `text`, without any condition the system can do without: what a trouble is tried on.
  Operation note_of(const Observation& seen, const std::string& text);
  Columns complete(const std::string& title) { return target_->complete_record(title); }

  // Created through the connector; what the server shows afterwards.
  Observation created(const std::string& title) { return created(create_of(title)); }
  Observation created(const Operation& operation);

  // ---- troubles
  void trouble_reads(const Trouble& t) { bench().trouble(target_->reads(), t); }
  void trouble_writes(const Trouble& t) { bench().trouble(target_->writes(), t); }

  Capabilities capabilities() { return target_->connector().capabilities(); }
  Connector& connector() { return target_->connector(); }
  Bench& bench() { return target_->bench; }
  ConformanceTarget& target() { return *target_; }
  std::size_t requests() const { return target_->bench.requests(); }
  Instant now() { return target_->bench.clock.now(); }

  std::string text(const Observation& o, const std::string& column_name) {
    return text_of(column(o.columns, column_name));
  }
  std::vector<std::string> titles(const std::vector<Observation>& seen);

 private:
  std::unique_ptr<ConformanceTarget> target_;

 protected:
  const Facts& facts;
  const Parts& parts;
};

// Leaves the test when the system cannot have the behaviour; the reason is printed and counted.
#define LEAVE_IF_IT_CANNOT(what) \
  if (const auto reason = facts.cannot.find(what); reason != facts.cannot.end()) GTEST_SKIP() << reason->second

inline const Error* error_in(const Outcome& o) { return std::get_if<Error>(&o.what); }
inline const Applied* applied_in(const Outcome& o) { return std::get_if<Applied>(&o.what); }
// "applied", or the name of the error class.
std::string said(const Outcome& o);
// The same with everything that a person would read, for messages of failed tests.
std::string told(const Outcome& o);
std::string told(const Error& e);
// "12345.6" of a number or of an amount with its currency.
std::string decimal_of(const Value& v);
Value text_value(const std::string& s);
std::vector<std::string> ids_of(const std::vector<Observation>& seen);

inline std::string name_of_system(const testing::TestParamInfo<System>& info) { return info.param.name; }

}  // namespace cosell::conformance
