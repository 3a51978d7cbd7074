// What deals stand on, told by the journal and got back from it (I-33): from where older lines end, line by line, deal
// by deal, so that it takes the memory of one deal.
#include <algorithm>
#include <limits>
#include <set>

#include "store/rows.h"
#include "store/sqlite_store_impl.h"

namespace cosell::store {
namespace {

constexpr std::int64_t kNoMore = std::numeric_limits<std::int64_t>::max();

std::string said(const Footing& before, const Footing& after) {
  if (before.crm == after.crm && before.partner_center == after.partner_center) {
    if (after.agreed.empty()) return "Both sides agree on what they show";
    const bool one = after.agreed.size() == 1;
    return "Both sides agree on what they show, but for " + std::to_string(after.agreed.size()) +
           (one ? " field" : " fields");
  }
  if (after.crm.empty()) return "Referral " + after.partner_center + " stands alone";
  if (after.partner_center.empty()) return "Opportunity " + after.crm + " stands alone";
  return "Opportunity " + after.crm + " and referral " + after.partner_center + " are one deal";
}

json::Value read_or_refuse(const std::string& text) {
  auto value = json::read(text);
  if (!value) throw Refusal{make_error(ErrorClass::store_damaged, "The history holds unreadable details.")};
  return std::move(*value);
}

void take_merged(const json::Value& change, std::set<std::int64_t>& merged) {
  const json::Value* told = change.find(merged_member);
  if (told == nullptr) return;
  for (const json::Value& id : told->items()) merged.insert(id.as_integer().value_or(0));
}

// The details of a line, and the change that it tells.
std::string with_change(const std::string& payload, const std::string& change) {
  const std::string rest = payload.size() > 2 ? "," + payload.substr(1) : "}";
  return std::string("{\"") + footing_member + "\":" + change + rest;
}

// Every change of a footing that the journal tells, from those lines on: deal, sequence, change.
std::string told_changes(const std::string& where) {
  return "SELECT j.deal, j.sequence, json_extract(p.payload, '$.footing') FROM journal AS j"
         " JOIN journal_payloads AS p ON p.sequence = j.sequence WHERE j.deal IS NOT NULL AND " +
         where +
         " AND instr(p.payload, '\"footing\":') > 0 AND json_extract(p.payload, '$.footing') IS NOT NULL"
         " ORDER BY j.deal, j.sequence";
}

// What the journal tells of one deal after another, in order of their numbers.
class Told {
 public:
  Told(Query footings, Query lines) : footings_(std::move(footings)), lines_(std::move(lines)) {
    step_footings();
    step_lines();
  }
  // The next deal that is told of; kNoMore at the end.
  std::int64_t deal() const { return std::min(footing_deal_, line_deal_); }
  Footing next() {
    const std::int64_t deal = this->deal();
    Footing footing;
    std::int64_t since = 0;
    if (footing_deal_ == deal) {
      since = footings_.integer(1);
      follow(footing, read_or_refuse(footings_.text(2)));
      step_footings();
    }
    for (; line_deal_ == deal; step_lines()) {
      const json::Value change = read_or_refuse(lines_.text(2));
      take_merged(change, merged_);
      if (lines_.integer(1) > since) follow(footing, change);
    }
    return footing;
  }
  // Deals that became part of others, as far as it was told until now.
  const std::set<std::int64_t>& merged() const { return merged_; }

 private:
  void step_footings() { footing_deal_ = footings_.next() ? footings_.integer(0) : kNoMore; }
  void step_lines() { line_deal_ = lines_.next() ? lines_.integer(0) : kNoMore; }

  Query footings_;  // deal, sequence, footing
  Query lines_;     // deal, sequence, change
  std::int64_t footing_deal_ = kNoMore;
  std::int64_t line_deal_ = kNoMore;
  std::set<std::int64_t> merged_;
};

Error differs(const std::string& deal, const std::string& how) {
  Error error = make_error(ErrorClass::store_damaged, deal + " has " + how + ". Compare with a backup of the store.");
  error.rule = "journal";
  return error;
}

}  // namespace

void SqliteStore::footing_moves(DealId deal, const Footing& before, const Footing& after) {
  if (before == after) return;
  untold_.try_emplace(deal.value, Untold{before, after, {}}).first->second.after = after;
}

JournalEntry SqliteStore::with_footing(const JournalEntry& entry) {
  const Untold untold = untold_.extract(entry.deal.value).mapped();
  if (untold.nothing()) return entry;
  JournalEntry complete = entry;
  complete.payload = with_change(entry.payload, change_between(untold.before, untold.after, untold.merged));
  return complete;
}

void SqliteStore::tell_untold_footings() {
  while (!untold_.empty()) {
    const auto& [deal, untold] = *untold_.begin();
    if (untold.nothing()) {
      untold_.erase(untold_.begin());
      continue;
    }
    JournalEntry line;
    line.at = now_;  // of the run, or of the line before
    line.run = run_;
    line.deal = DealId(deal);
    line.kind = JournalKind::linked;
    line.summary = said(untold.before, untold.after);
    append(with_footing(line));
  }
}

Result<void> SqliteStore::compare_footings() {
  Told told(query("SELECT deal, sequence, footing FROM footings ORDER BY deal"), query(told_changes("j.sequence > 0")));
  std::set<std::int64_t> gone;  // told of, but not stored
  const auto told_alone = [&](std::int64_t until) {
    while (told.deal() < until) {
      const std::int64_t id = told.deal();
      if (!(told.next() == Footing{})) gone.insert(id);
    }
  };
  std::vector<DealRow> page;
  for (DealId after;; after = page.back().id) {
    DealFilter filter;
    filter.after = after;
    auto rows = deals(filter);
    if (!rows) return rows.error();
    page = std::move(*rows);
    if (page.empty()) break;
    for (const DealRow& row : page) {
      const std::int64_t id = row.id.value;
      told_alone(id);
      const Footing footing = told.deal() == id ? told.next() : Footing{};
      // What this transaction has not told yet is no difference.
      const auto untold = untold_.find(id);
      const Footing kept = untold == untold_.end() ? footing_of(row) : untold->second.before;
      if (const std::string how = difference(footing, kept); !how.empty()) return differs(row.title, how);
    }
  }
  told_alone(kNoMore);
  for (const std::int64_t id : gone) {
    if (told.merged().count(id) > 0) continue;
    return differs("Deal " + std::to_string(id), "gone from the store, and its history does not say how");
  }
  return {};
}

void SqliteStore::keep_footings(std::int64_t last) {
  std::set<std::int64_t> merged;
  {
    Query lines = query(told_changes("j.sequence <= ?1"));
    lines.with(last);
    while (lines.next()) {
      const std::int64_t deal = lines.integer(0);
      const json::Value change = read_or_refuse(lines.text(2));
      take_merged(change, merged);
      Footing footing;
      std::int64_t since = 0;
      if (Query kept = query("SELECT sequence, footing FROM footings WHERE deal = ?1"); kept.with(deal).next()) {
        since = kept.integer(0);
        follow(footing, read_or_refuse(kept.text(1)));
      }
      if (lines.integer(1) <= since) continue;
      follow(footing, change);
      query("INSERT OR REPLACE INTO footings (deal, sequence, footing) VALUES (?1, ?2, ?3)")
          .with(deal, lines.integer(1), change_between(Footing{}, footing))
          .run();
    }
  }
  for (const std::int64_t id : merged) query("DELETE FROM footings WHERE deal = ?1").with(id).run();
}

std::vector<std::int64_t> SqliteStore::merged_into(DealId deal) {
  std::set<std::int64_t> merged;
  std::vector<std::int64_t> asked = {deal.value};
  for (std::size_t i = 0; i < asked.size(); ++i) {
    std::set<std::int64_t> into_it;
    Query lines = query(told_changes("j.deal = ?1"));
    lines.with(DealId(asked[i]));
    while (lines.next()) take_merged(read_or_refuse(lines.text(2)), into_it);
    for (const std::int64_t id : into_it) {
      if (merged.insert(id).second) asked.push_back(id);
    }
  }
  return {merged.begin(), merged.end()};
}

void SqliteStore::tell_footing_anew(DealId deal, const std::vector<std::int64_t>& merged, Instant now) {
  auto row = this->deal(deal);
  if (!row) throw Refusal{row.error()};
  for (const std::int64_t id : merged) query("DELETE FROM footings WHERE deal = ?1").with(id).run();
  query("DELETE FROM footings WHERE deal = ?1").with(deal).run();
  untold_.erase(deal.value);
  const Footing footing = *row ? footing_of(**row) : Footing{};
  JournalEntry line;
  line.at = now;
  line.deal = deal;
  line.kind = JournalKind::person;
  line.summary = "What was said here before was erased on request";
  line.payload = with_change("", change_between(Footing{}, footing, merged));
  append(line);
}

}  // namespace cosell::store
