// The shared parts of the kit, and the report that each run prints at its end.
#include "tests/conformance/conformance.h"

#include <algorithm>
#include <iostream>
#include <map>

namespace cosell::conformance {
namespace {

constexpr int kMostPages = 500;

// Counts per system what held, what failed and what does not apply, and names every declared deviation.
class Report final : public testing::EmptyTestEventListener {
  struct Count {
    int held = 0;
    int failed = 0;
    std::map<std::string, std::string> left_out;  // behaviour, reason
  };

  void OnTestEnd(const testing::TestInfo& info) override {
    const std::string name = info.name();
    const std::size_t slash = name.rfind('/');
    if (slash == std::string::npos || info.value_param() == nullptr) return;
    Count& count = counts_[name.substr(slash + 1)];
    const testing::TestResult& result = *info.result();
    if (result.Skipped()) {
      std::string why;
      for (int i = 0; i < result.total_part_count(); ++i) why += result.GetTestPartResult(i).message();
      count.left_out[name.substr(0, slash)] = why;
    } else {
      ++(result.Passed() ? count.held : count.failed);
    }
  }

  void OnTestProgramEnd(const testing::UnitTest&) override {
    for (const auto& [system, count] : counts_) {
      std::cout << "\n" << system << ": " << count.held << " behaviours hold";
      if (count.failed > 0) std::cout << ", " << count.failed << " do not";
      std::cout << "\n";
      for (const auto& [behaviour, why] : count.left_out)
        std::cout << "  cannot: " << behaviour << " - " << why << "\n";
      for (const Deviation& d : deviations_of(system)) {
        std::cout << "  deviates: a " << (d.write ? "write" : "read") << " that meets \"" << d.trouble << "\" is "
                  << name_of(d.instead) << " - " << d.reason << "\n";
      }
    }
  }

  static std::vector<Deviation> deviations_of(const std::string& system) {
    for (const System& s : systems()) {
      if (s.name == system) return s.make()->facts().deviations;
    }
    return {};
  }

  std::map<std::string, Count> counts_;
};

[[maybe_unused]] const bool kReportIsListening = [] {
  testing::UnitTest::GetInstance()->listeners().Append(new Report);
  return true;
}();

}  // namespace

Result<Page> Conformance::pull_page(const Cursor& cursor, int limit) {
  Call call = bench().call();
  PullRequest request;
  request.cursor = cursor;
  request.columns = facts.columns;
  request.page_limit = limit;
  return connector().pull(call, request);
}

Pulled Conformance::pull_all(const Cursor& cursor) {
  Pulled all;
  Cursor at = cursor;
  for (int i = 0; i < kMostPages; ++i) {
    Result<Page> page = pull_page(at, facts.page);
    if (!page) {
      ADD_FAILURE() << "pull: " << told(page.error());
      return all;
    }
    all.per_page.push_back(page->seen.size());
    for (Observation& o : page->seen) all.seen.push_back(std::move(o));
    all.full_listing = all.full_listing || page->full_listing;
    all.cursors.push_back(page->next);
    if (page->caught_up) return all;
    if (page->next == at) {
      ADD_FAILURE() << "the same position again and again";
      return all;
    }
    at = page->next;
  }
  ADD_FAILURE() << "the pull does not end";
  return all;
}

std::vector<Observation> Conformance::fetch(const std::vector<RecordRef>& refs) {
  Call call = bench().call();
  Result<std::vector<Observation>> found = connector().fetch(call, refs, facts.columns);
  if (found) return *std::move(found);
  ADD_FAILURE() << "fetch: " << told(found.error());
  return {};
}

std::vector<Observation> Conformance::by_id(const RecordId& id) {
  RecordRef ref;
  ref.kind = facts.kind;
  ref.id = id;
  return fetch({ref});
}

std::vector<Observation> Conformance::by_key(const std::string& key) {
  RecordRef ref;
  ref.kind = facts.kind;
  ref.key = BridgeKey(key);
  ref.created_after = now() - hours(1);
  return fetch({ref});
}

Observation Conformance::read(const RecordId& id) {
  const std::vector<Observation> found = by_id(id);
  EXPECT_EQ(found.size(), 1U) << id.value;
  return found.empty() ? Observation() : found.front();
}

std::vector<Outcome> Conformance::push(const std::vector<Operation>& operations) {
  Call call = bench().call();
  std::vector<Outcome> outcomes = connector().push(call, operations);
  EXPECT_EQ(outcomes.size(), operations.size()) << "exactly one outcome for each operation";
  outcomes.resize(operations.size());
  for (std::size_t i = 0; i < operations.size(); ++i) {
    EXPECT_EQ(outcomes[i].id, operations[i].id) << "outcomes stand in the order of the operations";
    if (const Error* e = error_in(outcomes[i])) {
      EXPECT_FALSE(e->message.empty());
    }
  }
  return outcomes;
}

std::vector<Finding> Conformance::check(const std::vector<std::string>& read, const std::vector<std::string>& written) {
  Call call = bench().call();
  return connector().check(call, read, written);
}

Operation Conformance::create_of(const std::string& key, Columns columns) {
  Operation op;
  op.id = OperationId(bench().random.uuid());
  op.kind = facts.kind;
  op.verb = Verb::create;
  op.target.kind = facts.kind;
  op.target.key = BridgeKey(key);
  op.changes = std::move(columns);
  return op;
}

Operation Conformance::update_of(const Observation& seen, Columns changes) {
  Operation op = note_of(seen, "");
  op.changes = std::move(changes);
  for (const auto& change : op.changes) op.expected[change.first] = column(seen.columns, change.first);
  return op;
}

Operation Conformance::note_of(const Observation& seen, const std::string& text) {
  Operation op;
  op.id = OperationId(bench().random.uuid());
  op.kind = facts.kind;
  op.target.kind = facts.kind;
  op.target.id = seen.id;
  if (facts.conditional_write != ConditionalWrite::none) op.must_match = seen.version;
  op.changes = {{parts.text, text_value(text)}};
  return op;
}

Observation Conformance::created(const Operation& operation) {
  const Outcome done = push(operation);
  const Applied* applied = applied_in(done);
  if (applied == nullptr) {
    ADD_FAILURE() << "create: " << told(done);
    return {};
  }
  return read(applied->id);
}

std::vector<std::string> Conformance::titles(const std::vector<Observation>& seen) {
  std::vector<std::string> list;
  for (const Observation& o : seen) list.push_back(text(o, parts.title));
  return list;
}

std::string said(const Outcome& o) { return applied_in(o) != nullptr ? "applied" : name_of(error_in(o)->kind); }

std::string told(const Error& e) {
  return std::string(name_of(e.kind)) + ": " + e.message + " [" + e.rule + "] " + e.detail;
}

std::string told(const Outcome& o) { return applied_in(o) != nullptr ? "applied" : told(*error_in(o)); }

std::string decimal_of(const Value& v) {
  if (const auto* m = std::get_if<Money>(&v)) return amount_of(*m).text;
  return text_of(v);
}

Value text_value(const std::string& s) {
  if (s.empty()) return {};
  return Value(s);
}

std::vector<std::string> ids_of(const std::vector<Observation>& seen) {
  std::vector<std::string> ids;
  for (const Observation& o : seen) ids.push_back(o.id.value);
  return ids;
}

}  // namespace cosell::conformance
