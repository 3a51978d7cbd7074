// Operations without a known outcome: what came of them is looked up before anything new is planned for that deal
// (I-20). "Not found" is no proof while a request may still arrive (reliability section 3, second trap).
//
// Where a side refuses a second record with one key, the record that is found is what came of the create. Partner
// Center does not: a person may have made the referral meanwhile, or have given one the opportunity's id. There a
// create is taken for arrived when one referral carries its key that was not received from anybody and shows the name,
// the value or the close date as sent. Any other, and each of several, is read as a listing would show it: what the two
// sides of such a deal show then follows the rules of a first link, and of several one is tied and each other one held
// (ties.h).
#include <algorithm>

#include "engine/marks.h"
#include "engine/observe.h"
#include "engine/settle.h"
#include "engine/view.h"
#include "engine/words.h"

namespace cosell::engine {

namespace {

using store::DealState;
using store::OperationRow;
using store::OperationState;
using store::WaitFor;

// A batch is marked as sent before it leaves, and may wait behind another one for long: a side may have been allowed a
// few requests a minute.
constexpr Duration left_within = hours(24);
constexpr int looked_up_at_once = 1000;  // as many as one crash leaves

RecordRef ref_of(const OperationRow& row) {
  RecordRef ref;
  ref.kind = *record_kind_from(row.kind);
  if (ref.kind == RecordKind::registration) ref.kind = RecordKind::referral;  // it is a part of that
  if (names_its_target(row)) {
    ref.id = RecordId(row.target_id);
  } else if (ref.kind == RecordKind::microsoft_half) {
    ref.key = BridgeKey(row.engagement_id);
  } else {
    ref.key = BridgeKey(row.key);
  }
  ref.created_after = row.sent_at.value_or(row.planned_at) - minutes(5);
  return ref;
}

// "As sent" of a create in Partner Center: see above.
bool may_come_of(const OperationRow& create, const Observation& seen) {
  if (text_of(column(seen.columns, info(Field::direction).name)) == "Incoming") return false;
  bool differs = false;
  for (const Field field : {Field::name, Field::value, Field::close_date}) {
    const auto sent = create.changes.find(info(field).name);
    if (sent == create.changes.end()) continue;
    if (same_value(column(seen.columns, sent->first), sent->second)) return true;
    differs = true;
  }
  return !differs;
}

}  // namespace

bool is_kept_rounded(const OperationRow& row, std::string_view name, const Value& shown) {
  const auto before = row.expected.find(name);
  const bool as_before = before != row.expected.end() && same_value(before->second, shown);
  return !as_before && rounds_to(column(row.changes, name), shown);
}

bool shows_changes(const OperationRow& row, const Observation& seen) {
  return std::all_of(row.changes.begin(), row.changes.end(), [&](const auto& change) {
    const Value& shown = column(seen.columns, change.first);
    return same_value(shown, change.second) || is_kept_rounded(row, change.first, shown);
  });
}

Result<void> Settler::probe_open_operations() {
  for (const Side side : {Side::partner_center, Side::crm}) {
    for (const auto state : {OperationState::sent, OperationState::unknown}) {
      store::OperationFilter filter;
      filter.state = state;
      filter.side = side;
      filter.limit = looked_up_at_once;
      while (report_.may_look_at(side)) {
        auto rows = pair_.store->operations(filter);
        if (!rows) return rows.error();
        if (rows->empty()) break;
        filter.after = rows->back().id;
        if (auto done = probe(side, std::move(*rows)); !done) return done;
      }
    }
  }
  store::OperationFilter open;
  open.state = OperationState::unknown;
  open.limit = 1000;
  auto left = pair_.store->operations(open);
  if (!left) return left.error();
  report_.unanswered = static_cast<std::int64_t>(left->size());
  return {};
}

Result<void> Settler::probe(Side side, std::vector<OperationRow> rows) {
  std::vector<RecordRef> refs;
  std::vector<RelatedQuery> queries;
  std::vector<std::string> asked_for;
  std::map<std::string, std::vector<Observation>> found_by_operation;
  for (const auto& row : rows) {
    if (row.kind != name_of(RecordKind::account)) {
      refs.push_back(ref_of(row));
      continue;
    }
    RelatedQuery& query = queries.emplace_back();
    query.kind = RecordKind::account;
    query.match = row.expected;
    asked_for.push_back(row.id.value);
  }
  if (!queries.empty()) {
    Call call = pair_.call(side);
    auto answers = pair_.connector(side).related_to_each(call, queries);
    // A column that they were to be found by may be gone since: they are looked for anew, by the present mapping, once
    // they cannot arrive any more.
    const bool cannot_be_found = !answers && answers.error().kind == ErrorClass::schema_drift;
    if (!answers && !cannot_be_found) {
      report_.side_is_down(side, answers.error());
      return {};
    }
    for (std::size_t i = 0; answers && i < queries.size(); ++i) {
      found_by_operation[asked_for[i]] = std::move((*answers)[i]);
    }
  }
  std::vector<Observation> found;
  if (!refs.empty()) {
    Call call = pair_.call(side);
    auto fetched = pair_.connector(side).fetch(call, refs, pair_.mapping->columns_read());
    if (!fetched) {
      report_.side_is_down(side, fetched.error());
      return {};
    }
    found = std::move(*fetched);
  }
  const auto other = [&](const std::string& id) { return pair_.connector(other_side(side)).normal_id(id); };
  for (const auto& row : rows) {
    if (row.kind == name_of(RecordKind::account)) continue;
    for (const auto& seen : found) {
      if (seen.kind != ref_of(row).kind) continue;
      const bool by_engagement = seen.kind == RecordKind::microsoft_half &&
                                 text_of(column(seen.columns, info(Field::engagement_id).name)) == row.engagement_id;
      const bool by_key = seen.kind != RecordKind::microsoft_half && !names_its_target(row) && !seen.key.empty() &&
                          (seen.key.value == row.key || other(seen.key.value) == other(row.key));
      const bool by_id = names_its_target(row) && seen.id.value == row.target_id;
      if (by_engagement || by_key || by_id) found_by_operation[row.id.value].push_back(seen);
    }
  }
  return pair_.store->transaction([&]() -> Result<void> {
    for (auto& row : rows) {
      if (auto done = conclude_probe(side, row, found_by_operation[row.id.value]); !done) return done;
    }
    return {};
  });
}

// One of a location that the selection leaves out and that was not the one that was sent.
bool Settler::is_of_another_pair(const OperationRow& create, const Observation& seen) const {
  if (seen.kind != RecordKind::referral || names_its_target(create)) return false;
  const Value& sent = column(create.changes, info(Field::location).name);
  if (is_blank(sent) || same_value(sent, column(seen.columns, info(Field::location).name))) return false;
  return !pair_.mapping->select_referral(referral_deal(seen.columns, {})).takes_part;
}

Result<void> Settler::conclude_probe(Side side, OperationRow& row, const std::vector<Observation>& all_found) {
  const auto unread = std::find_if(all_found.begin(), all_found.end(), [](const Observation& seen) {
    return seen.existence == cosell::Existence::unreadable;
  });
  // Before Microsoft is asked again it is looked for its half once more, so that nothing is asked twice: the rest of
  // the deal need not wait for a half that may never be shown.
  const bool is_looked_for_again =
      row.kind == name_of(RecordKind::microsoft_half) && !names_its_target(row) && !may_still_arrive(row);
  if (unread != all_found.end()) {
    return is_looked_for_again ? drop(row, true) : wait_to_be_read(side, row, *unread);
  }
  std::vector<Observation> found;
  for (const auto& seen : all_found) {
    // A deleted record holds no key: it is not what was made, and shows nothing that was changed. Nor does a referral
    // of another pair that names the same opportunity (F-77).
    if (seen.existence == cosell::Existence::deleted || is_of_another_pair(row, seen)) {
      if (auto taken = Observer(pair_, run_).take(side, seen, report_.observed[side]); !taken) return taken;
      continue;
    }
    // An old referral carries the opportunity's id too; it is not the one that was created now.
    auto holder = pair_.store->deal_by_record(side, seen.id.value);
    if (!holder) return holder.error();
    if (!*holder || !has_mark(**holder, restarted_mark)) found.push_back(seen);
  }
  const Capabilities& can = pair_.connector(side).capabilities();
  const bool has_unique_key = can.client_key == Capabilities::ClientKey::unique;
  if (names_its_target(row)) {
    if (!found.empty() && shows_changes(row, found.front())) {
      Applied applied;
      applied.id = found.front().id;
      applied.version = found.front().version;
      applied.stored = found.front();
      return settle_applied(row, applied, AnswerIs::read_later);
    }
    // One that arrives late is refused where it carries the version that it was planned against.
    if (!found.empty() && !can.refuses_stale_updates && may_still_arrive(row)) return wait_for_late_arrival(side, row);
    if (auto done = not_taken(row); !done || found.empty()) return done;
    return Observer(pair_, run_).take(side, found.front(), report_.observed[side]);
  }
  const bool in_question = !has_unique_key && row.kind == name_of(RecordKind::referral);
  if (found.size() == 1 && (!in_question || may_come_of(row, found.front()))) {
    Applied applied;
    applied.id = found.front().id;
    applied.version = found.front().version;
    applied.stored = found.front();
    return settle_applied(row, applied, AnswerIs::read_later);
  }
  if (found.size() > 1 && row.kind == name_of(RecordKind::account)) return drop(row, true);  // a person says which
  Observer observer(pair_, run_);
  for (const Observation& seen : found) {
    if (auto taken = observer.take(side, seen, report_.observed[side]); !taken) return taken;
  }
  if (found.size() > 1) return drop(row, true);  // twins: nothing more is made for either (I-17)
  // One that arrives late beside one that is sent again is refused by its key. Waited for all the same where updates
  // carry no condition: there an organisation may have left the key's column without its index.
  const bool harmless = has_unique_key && can.refuses_stale_updates && row.kind != name_of(RecordKind::account);
  if (!harmless && may_still_arrive(row)) return wait_for_late_arrival(side, row);
  return found.empty() ? not_taken(row) : drop(row, true);
}

// Until when is settled once: when its answer was lost, or at the first look where nobody waited for it any more.
bool Settler::may_still_arrive(OperationRow& row) const {
  const Instant now = pair_.clock->now();
  // Later than that it is only by a clock that has been set right since (F-67).
  if (row.not_before) row.not_before = std::min(*row.not_before, now + pair_.settings.late_arrival);
  if (!row.not_before) {
    const Instant left = std::min(now, row.sent_at.value_or(row.planned_at) + left_within);
    row.not_before = left + pair_.settings.late_arrival;
  }
  return *row.not_before > now;
}

Result<void> Settler::wait_for_late_arrival(Side side, OperationRow& row) {
  row.state = OperationState::unknown;
  if (auto done = pair_.store->update_operation(row); !done) return done;
  auto deal = deal_of(row);
  if (!deal) return deal.error();
  if (!*deal) return {};
  const bool creates = !names_its_target(row);
  let_wait(**deal, {WaitFor::date, "checking",
                    pair_.title(side) + " did not answer when the deal was " + (creates ? "created" : "changed") +
                        " there. The bridge makes sure that " + (creates ? "it" : "the change") +
                        " did not arrive before it tries again.",
                    "Nothing to do; decided after " + to_string_minutes(*row.not_before) + " UTC.", row.not_before});
  return pair_.store->update_deal(**deal);
}

// Nothing is concluded from a record that the side could not show; its deal alone waits for it.
Result<void> Settler::wait_to_be_read(Side side, OperationRow& row, const Observation& seen) {
  may_still_arrive(row);  // the time begins that a late arrival has
  row.state = OperationState::unknown;
  if (auto done = pair_.store->update_operation(row); !done) return done;
  auto deal = deal_of(row);
  if (!deal) return deal.error();
  if (!*deal) return {};
  let_wait(**deal, {side == Side::crm ? WaitFor::date : WaitFor::partner_center, "checking",
                    words::unread(pair_, side, **deal, seen) + " Whether the last change arrived is not known yet.",
                    words::unread_remedy(pair_, side), pair_.clock->now() + pair_.settings.late_arrival});
  return pair_.store->update_deal(**deal);
}

}  // namespace cosell::engine
