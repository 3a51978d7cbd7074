// Deals that only one side shows: an opportunity that may become a referral, a referral that may become an
// opportunity.
#include <algorithm>

#include "base/text.h"
#include "deal/registration.h"
#include "engine/decide.h"
#include "engine/marks.h"
#include "engine/words.h"
#include "store/codec.h"

namespace cosell::engine {

namespace {

using store::DealState;
using store::OperationRow;
using store::WaitFor;

constexpr std::size_t accounts_asked_together = 1000;
constexpr std::size_t accounts_kept_max = 20'000;  // a bound on memory
constexpr int later_deals_at_once = 200;

// What a create sends of a deal: everything shared, but not where it stands (Partner Center sets that itself, L-5)
// and not the request for help, which is a record of its own.
Columns create_columns(const Deal& deal) {
  Columns columns;
  for (const auto& [field, value] : deal.values()) {
    if (!info(field).shared || is_blank(value)) continue;
    if (field == Field::standing || field == Field::help || field == Field::help_notes) continue;
    columns[info(field).name] = value;
  }
  return columns;
}

// A deal that is still to be created may be shown to Microsoft and ask for help.
std::vector<Irreversible> steps_of_create(const Pair& pair, const DealView& view, Instant at) {
  const Deal deal = pair.mapping->complete_for_create(view.crm.deal, view.crm_columns, date_of(at));
  const bool help = !is_blank(deal.get(Field::help));
  std::vector<Irreversible> steps;
  if (help || deal.flag(Field::visible)) steps.push_back(Irreversible::shared);
  if (help) steps.push_back(Irreversible::help_asked);
  return steps;
}

}  // namespace

void Decider::plan_help(Planned& plan, const Deal& deal, const OperationId& after) const {
  OperationRow half = operation(plan, Side::partner_center, RecordKind::microsoft_half, Verb::create);
  half.after = after;
  half.engagement_id = plan.row.engagement_id;
  half.changes = create_columns(deal);
  half.changes[info(Field::help).name] = deal.get(Field::help);
  if (!is_blank(deal.get(Field::help_notes))) half.changes[info(Field::help_notes).name] = deal.get(Field::help_notes);
  half.step = name_of(Irreversible::help_asked);
  plan.operations.push_back(std::move(half));
}

std::optional<Decider::Situation> Decider::made_elsewhere(Planned& plan, const DealView& view) const {
  const auto type = deal_type_from(view.crm.deal.text(Field::type));
  const std::string why = type ? why_not_created(*type) : "";
  if (why.empty()) return std::nullopt;
  const std::string& named = pair_.mapping->rule(Field::type).column;
  const std::string& column = named.empty() ? pair_.mapping->record_type_column() : named;
  Situation s;
  s.state = DealState::waiting;
  s.waits_for = WaitFor::seller;
  s.reason = "made_elsewhere";
  s.message = why;
  s.next_step = words::made_elsewhere_remedy(pair_, plan.row, column_in_words(plan, column));
  return s;
}

// The pair that the location belongs to would take the referral, and this one would not know it again.
std::optional<Decider::Situation> Decider::located_elsewhere(Planned& plan, const Deal& deal) const {
  const auto selection = pair_.mapping->select_referral(deal);
  if (selection.takes_part || is_blank(deal.get(Field::location))) return std::nullopt;
  const std::string column = column_in_words(plan, pair_.mapping->column_of(Field::location, ""));
  Situation s;
  s.state = DealState::waiting;
  s.waits_for = column.empty() ? WaitFor::admin : WaitFor::seller;
  s.reason = selection.reason;
  s.message = words::located_elsewhere(pair_, deal.text(Field::location));
  s.next_step = words::located_elsewhere_remedy(column);
  return s;
}

Decider::Situation Decider::waits_for_fields(Planned& plan, const std::vector<Missing>& missing,
                                             const std::string& then) const {
  // What no column is named for, such as the consent, is the mapping's to say; no seller can fill it in.
  const auto column_of = [&](const Missing& m) { return pair_.mapping->column_of(m.field, m.part); };
  std::ptrdiff_t without = 0;
  std::ptrdiff_t dated = 0;
  std::optional<Date> last;
  for (const Missing& m : missing) {
    const auto date = pair_.mapping->counts_later(m.field, date_of(now_));
    if (date) {
      ++dated;
      last = std::max(last.value_or(*date), *date);
    } else if (column_of(m).empty()) {
      ++without;
    }
  }
  const auto all = static_cast<std::ptrdiff_t>(missing.size());
  const bool of_mapping = without + dated == all;
  Situation s;
  s.state = DealState::waiting;
  s.waits_for = of_mapping ? WaitFor::admin : WaitFor::seller;
  s.reason = "missing_field";
  s.message = words::missing(missing, [&](const Missing& m) { return column_in_words(plan, column_of(m)); });
  s.next_step = of_mapping ? words::add_to_mapping() : words::fill_in(plan.row, then);
  if (without > 0 && !of_mapping) s.next_step += " What has no column here, an admin adds.";
  if (last) {
    s.message += " The statement in the mapping is dated " + to_string(*last) + " and counts from then on.";
    s.look_again_at = start_of(add_days(*last, -1));  // where the day begins first
    if (dated == all) s.next_step = words::statement_counts_later(then);
  }
  return s;
}

Result<Planned> Decider::decide_opportunity_alone(Planned plan, const DealView& view) {
  // Of a deal that waited before; most have no step that settles.
  const bool settles = std::any_of(plan.row.marks.begin(), plan.row.marks.end(),
                                   [](const auto& mark) { return is_step_mark(mark.first); });
  if (settles) forget_other_steps(plan.row, steps_of_create(pair_, view, now_));
  Situation s;
  s.state = DealState::skipped;
  if (plan.row.crm.existence != store::Existence::live) {
    s.reason = "deleted";
    s.message = "The opportunity is gone from " + pair_.title(Side::crm) + ".";
    return settle_situation(std::move(plan), view, std::move(s));
  }
  const auto selection = pair_.mapping->select_opportunity(view.crm_columns);
  const auto standing = view.crm.deal.standing();
  if (!selection.takes_part) {
    s.reason = selection.reason;
    s.message = selection.text;
    return settle_situation(std::move(plan), view, std::move(s));
  }
  if (standing && is_terminal(*standing)) {
    s.reason = "closed_before_first_sync";
    s.message = "Closed before the first sync.";
    return settle_situation(std::move(plan), view, std::move(s));
  }
  s.state = DealState::waiting;
  if (standing && is_waiting(*standing)) {
    s.waits_for = WaitFor::seller;
    s.reason = "waiting_stage";
    s.message = "The stage " + pair_.mapping->waiting_stage(view.crm_columns) +
                " is for deals that Microsoft sent; this one has no referral.";
    s.next_step = "Choose another stage.";
    return settle_situation(std::move(plan), view, std::move(s));
  }
  if (!view.crm.problems.empty()) {
    s.waits_for = WaitFor::admin;
    s.reason = view.crm.problems.front().code;
    s.message = words::unreadable(view.crm.problems);
    s.next_step = words::unreadable_remedy(pair_, view.crm.problems);
    return settle_situation(std::move(plan), view, std::move(s));
  }

  if (auto elsewhere = made_elsewhere(plan, view)) {
    return settle_situation(std::move(plan), view, std::move(*elsewhere));
  }

  Deal deal = pair_.mapping->complete_for_create(view.crm.deal, view.crm_columns, date_of(now_));
  deal.set(Field::crm_id, plan.row.crm.record_id);
  if (auto elsewhere = located_elsewhere(plan, deal)) {
    return settle_situation(std::move(plan), view, std::move(*elsewhere));
  }
  const auto missing = missing_for_create(deal, pair_.settings.rules);
  if (!missing.empty()) {
    Situation waits = waits_for_fields(plan, missing, "the deal is then sent by itself.");
    return settle_situation(std::move(plan), view, std::move(waits));
  }

  const bool wants_help = !is_blank(deal.get(Field::help));
  const bool wants_visible = deal.flag(Field::visible) || wants_help;
  // Both waiting times start now; help never leaves before the deal may be shown.
  Situation held;
  const bool visible = wants_visible && step_may_leave(plan, Irreversible::shared, false, deal, held);
  const bool help_may_leave = wants_help && step_may_leave(plan, Irreversible::help_asked, false, deal, held);
  const bool help = visible && help_may_leave;
  deal.set(Field::visible, visible);

  OperationRow create = operation(plan, Side::partner_center, RecordKind::referral, Verb::create);
  create.key = plan.row.crm.record_id;
  create.changes = create_columns(deal);
  if (visible) create.step = name_of(Irreversible::shared);
  for (const auto& [name, value] : create.changes) {
    const Field field = *field_from(name);
    if (field == Field::stage) continue;  // compared with what the answer shows
    create.agrees_with[name] = field == Field::crm_id ? value : view.crm.deal.get(field);
  }
  create.agrees_with[info(Field::visible).name] = visible;
  create.agrees_with[info(Field::help).name] = Value{};
  create.agrees_with[info(Field::standing).name] = view.crm.deal.get(Field::standing);
  const OperationId create_id = create.id;
  plan.operations.push_back(std::move(create));
  if (help) plan_help(plan, deal, create_id);
  plan.summary =
      std::string("New referral: ") + name_of(deal_type(visible, help)) + ", " + words::changes(create_columns(deal));
  if (help) note_warning(plan, warning_before_help(deal, pair_.settings.rules.registration));
  if (!plan.warning.empty()) plan.summary += "; note: " + plan.warning;
  return settle_situation(std::move(plan), view, Situation{});
}

Result<void> Decider::add_account_to_find(const store::DealRow& row, AccountsToFind& wanted) const {
  const bool alone = row.crm.record_id.empty() && row.partner_center.image.valid();
  if (!alone || row.partner_center.existence != store::Existence::live) return {};
  auto columns = pair_.store->image(row.partner_center.image);
  if (!columns) return columns.error();
  const Deal deal = referral_deal(*columns, {});
  const auto standing = deal.standing();
  const Customer* customer = customer_in(deal.get(Field::customer));
  const bool needed = customer != nullptr && standing && !is_terminal(*standing) &&
                      pair_.mapping->select_referral(deal).takes_part && pair_.mapping->appears_in_crm(deal);
  if (!needed) return {};
  RelatedQuery query;
  query.kind = RecordKind::account;
  query.match = pair_.mapping->account_match(*customer);
  if (query.match.empty()) return {};  // nothing to search for
  std::string key = store::encode(query.match);
  if (accounts_being_created_.count(key) + accounts_found_.count(key) > 0) return {};
  wanted.emplace(std::move(key), std::move(query));
  return {};
}

Result<void> Decider::add_accounts_of_later_deals(DealId after, AccountsToFind& wanted) {
  while (wanted.size() < accounts_asked_together) {
    auto rows = pair_.store->lone_deals(Side::partner_center, true, after, later_deals_at_once);
    if (!rows) return rows.error();
    if (rows->empty()) return {};
    for (const auto& row : *rows) {
      if (auto added = add_account_to_find(row, wanted); !added) return added;
    }
    prepared_until_ = after = rows->back().id;
  }
  return {};
}

Result<void> Decider::prepare(const std::vector<store::DealRow>& rows, Ahead ahead) {
  unanswered_by_.reset();
  ask_engagements(rows);
  return find_accounts(rows, ahead);
}

Result<void> Decider::find_accounts(const std::vector<store::DealRow>& rows, Ahead ahead) {
  if (accounts_found_.size() > accounts_kept_max) {
    accounts_found_.clear();
    prepared_until_ = DealId{};
  }
  AccountsToFind wanted;
  for (const auto& row : rows) {
    if (row.dirty && row.id.value <= prepared_until_.value) continue;
    if (auto added = add_account_to_find(row, wanted); !added) return added;
  }
  if (wanted.empty()) return {};
  const DealId known_before = prepared_until_;
  if (ahead == Ahead::looks) {
    const DealId after{std::max(rows.back().id.value, prepared_until_.value)};
    if (auto added = add_accounts_of_later_deals(after, wanted); !added) return added;
  }
  std::vector<RelatedQuery> queries;
  for (const auto& [key, query] : wanted) queries.push_back(query);
  Call call = pair_.call(Side::crm);
  auto found = pair_.crm->related_to_each(call, queries);
  if (!found) {
    prepared_until_ = known_before;
    return no_answer(Side::crm, found.error());
  }
  auto answer = found->begin();
  for (const auto& [key, query] : wanted) {
    for (const auto& seen : *answer++) accounts_found_[key].push_back(seen.id.value);
    accounts_found_[key];  // nobody answers is an answer, too
  }
  return {};
}

Result<std::vector<std::string>> Decider::matching_accounts(Planned& plan, const Columns& match) {
  std::vector<std::string> ids;
  json::Value list = json::Value::array();
  if (given_ != nullptr) {
    const json::Value* known = given_->find("accounts");
    if (known != nullptr) list = *known;
    for (const json::Value& id : list.items()) ids.push_back(id.text());
  } else {
    const std::string key = store::encode(match);
    if (accounts_found_.count(key) == 0) {
      RelatedQuery query;
      query.kind = RecordKind::account;
      query.match = match;
      Call call = pair_.call(Side::crm);
      auto asked = pair_.crm->related(call, query);
      if (!asked) return no_answer(Side::crm, asked.error());
      auto& found = accounts_found_[key];
      for (const auto& seen : *asked) found.push_back(seen.id.value);
    }
    ids = accounts_found_[key];
    for (const std::string& id : ids) list.append(json::Value::string(id));
  }
  plan.answers.set("accounts", std::move(list));
  return ids;
}

void Decider::keep_in_doubt(const OperationRow& account) {
  const Instant until = account.not_before.value_or(account.planned_at);
  Instant& known = accounts_in_doubt_[store::encode(account.expected)];
  known = std::max(known, until);
}

std::optional<Decider::Situation> Decider::waits_for_account_in_doubt(Planned& plan, const Customer& customer,
                                                                      const std::string& key) const {
  std::optional<Instant> until;
  if (given_ != nullptr) {
    until = parse_instant(given_->text_of("account_in_doubt_until"));
  } else if (const auto it = accounts_in_doubt_.find(key); it != accounts_in_doubt_.end()) {
    until = it->second;
  }
  if (!until) return std::nullopt;
  plan.answers.set("account_in_doubt_until", json::Value::string(to_string(*until)));
  Situation s;
  s.state = DealState::waiting;
  s.waits_for = WaitFor::date;
  s.reason = "checking";
  s.message = words::account_in_doubt(pair_, customer);
  s.next_step = "Nothing to do; decided after " + to_string_minutes(*until) + " UTC.";
  s.look_again_at = until;
  return s;
}

Result<Decider::Account> Decider::account_for(Planned& plan, const Customer& customer) {
  Account account;
  const Columns match = pair_.mapping->account_match(customer);
  const std::string key = store::encode(match);
  const json::Value* shared = given_ == nullptr ? nullptr : given_->find("account_created_by");
  if (shared != nullptr) accounts_being_created_[key] = OperationId(shared->text());
  if (const auto it = accounts_being_created_.find(key); it != accounts_being_created_.end()) {
    account.create = OperationRow{};
    account.create->id = it->second;  // created by another deal's operation of this run
    plan.answers.set("account_created_by", json::Value::string(it->second.value));
    return account;
  }
  if (auto waits = waits_for_account_in_doubt(plan, customer, key)) {
    account.waits = std::move(waits);
    return account;
  }
  auto found = matching_accounts(plan, match);
  if (!found) return found.error();
  if (found->size() == 1) {
    account.id = found->front();
    return account;
  }
  if (found->size() > 1 || pair_.mapping->customer_rule().none == mapping::NoMatch::wait) {
    Situation s;
    s.state = DealState::waiting;
    s.waits_for = WaitFor::operator_;
    s.reason = found->empty() ? "customer_not_found" : "customer_ambiguous";
    s.message = words::customer_waits(pair_, customer, found->size());
    s.next_step = found->empty()
                      ? "Create the account in " + pair_.title(Side::crm) + "; the deal then follows by itself."
                      : "Make the match unique in " + pair_.title(Side::crm) + ".";
    s.look_again_at = now_ + hours(1);
    account.waits = std::move(s);
    return account;
  }
  OperationRow create = operation(plan, Side::crm, RecordKind::account, Verb::create);
  create.changes = pair_.mapping->account_record(customer);
  create.expected = match;  // how it is found again after an unknown outcome
  account.create = std::move(create);
  return account;
}

// Other deals of the customer come after the account that the plan makes; not after one that is not made after all.
void Decider::remember_new_account(const Planned& plan) {
  for (const OperationRow& op : plan.operations) {
    if (op.kind != name_of(RecordKind::account)) continue;
    const std::string key = store::encode(op.expected);
    accounts_being_created_[key] = op.id;
    accounts_found_.erase(key);
  }
}

// The CRM user whom the mapping names by e-mail as owner of this new opportunity; "" when it names none, or nobody has
// one of the addresses (the mapping's owner by id counts then, or the CRM makes the bridge's user the owner).
Result<std::string> Decider::new_owner(Planned& plan, const Deal& referral) {
  const auto emails = pair_.mapping->new_owner_emails(referral);
  if (emails.empty()) return std::string();
  if (given_ != nullptr) return given_->text_of("owner");
  std::string owner;
  for (const std::string& email : emails) {
    auto known = owners_by_email_.find(email);
    if (known == owners_by_email_.end()) {
      RelatedQuery query;
      query.kind = RecordKind::owner;
      query.match["email"] = email;
      Call call = pair_.call(Side::crm);
      auto found = pair_.crm->related(call, query);
      if (!found) return no_answer(Side::crm, found.error());
      known = owners_by_email_.emplace(email, found->size() == 1 ? found->front().id.value : "").first;
    }
    owner = known->second;
    if (!owner.empty()) break;
  }
  plan.answers.set("owner", json::Value::string(owner));
  return owner;
}

// It was given an opportunity already, which no key tied it to: perhaps one of another CRM, whose bridge keeps the two
// in sync. A second one is made of it by a person's word only (F-77).
std::optional<Decider::Situation> Decider::named_elsewhere(const store::DealRow& row, const Deal& referral) const {
  const std::string named = text::trim(referral.text(Field::crm_id));
  if (named.empty() || has_mark(row, no_match_mark)) return std::nullopt;
  Situation s;
  s.state = DealState::waiting;
  s.waits_for = WaitFor::operator_;
  s.reason = "named_elsewhere";
  s.message = words::named_elsewhere(pair_, named);
  s.next_step = words::named_elsewhere_remedy(pair_, row);
  return s;
}

Result<Planned> Decider::decide_referral_alone(Planned plan, const DealView& view) {
  Situation s;
  s.state = DealState::skipped;
  const Deal& deal = view.partner_center;
  const auto standing = deal.standing();
  if (plan.row.partner_center.existence != store::Existence::live) {
    s.reason = "deleted";
    s.message = "The referral is gone from " + pair_.title(Side::partner_center) + ".";
    return settle_situation(std::move(plan), view, std::move(s));
  }
  const auto selection = pair_.mapping->select_referral(deal);
  if (!selection.takes_part) {
    s.reason = selection.reason;
    s.message = selection.text;
    return settle_situation(std::move(plan), view, std::move(s));
  }
  if (standing && is_terminal(*standing)) {
    s.reason = "closed_before_first_sync";
    s.message = "Closed before the first sync.";
    return settle_situation(std::move(plan), view, std::move(s));
  }
  if (!pair_.mapping->appears_in_crm(deal)) {
    s.reason = "not_for_crm";
    s.message = "The mapping does not bring this kind of referral into " + pair_.title(Side::crm) + ".";
    return settle_situation(std::move(plan), view, std::move(s));
  }
  if (auto elsewhere = named_elsewhere(plan.row, deal)) {
    return settle_situation(std::move(plan), view, std::move(*elsewhere));
  }
  const Customer* customer = customer_in(deal.get(Field::customer));
  const bool names_nobody = customer == nullptr || pair_.mapping->account_match(*customer).empty();
  if (!standing || names_nobody) {
    s.state = DealState::waiting;
    s.waits_for = WaitFor::admin;
    s.reason = "unreadable";
    s.message =
        standing ? "The referral names no customer." : "Partner Center shows a status that the bridge does not know.";
    s.next_step = "Look at the referral in Partner Center.";
    return settle_situation(std::move(plan), view, std::move(s));
  }
  auto account = account_for(plan, *customer);
  if (!account) return account.error();
  if (account->waits) return settle_situation(std::move(plan), view, *account->waits);

  auto written = pair_.mapping->create_opportunity(deal, account->id, date_of(now_));
  if (!written.problems.empty()) {
    s.state = DealState::waiting;
    s.waits_for = WaitFor::admin;
    s.reason = written.problems.front().code;
    s.message = words::unreadable(written.problems);
    s.next_step = "Correct the mapping file, then: cosell sync";
    return settle_situation(std::move(plan), view, std::move(s));
  }
  OperationRow create = operation(plan, Side::crm, RecordKind::opportunity, Verb::create);
  create.key = plan.row.partner_center.record_id;
  create.changes = std::move(written.columns);
  create.changes[pair_.mapping->key_column()] = plan.row.partner_center.record_id;
  auto owner = new_owner(plan, deal);
  if (!owner) return owner.error();
  if (!owner->empty()) create.changes[pair_.mapping->owner_column()] = *owner;
  for (const auto& [field, value] : deal.values()) {
    if (info(field).shared && field != Field::crm_id) create.agrees_with[info(field).name] = value;
  }
  if (account->create) {
    create.after = account->create->id;
    if (!account->create->kind.empty()) plan.operations.push_back(*account->create);
  }
  // The seller's columns come with the record, so that nobody sees it half explained.
  store::DealRow shown = plan.row;
  shown.state = DealState::waiting;
  if (is_waiting(*standing)) {
    shown.waits_for = WaitFor::seller;
    shown.message = words::inbound_waits(deal);
    shown.next_step = words::inbound_remedy(pair_);
  } else {
    shown.state = DealState::in_sync;
    shown.message.clear();
    shown.next_step.clear();
  }
  shown.since = now_;
  for (const auto& [name, value] : pair_.mapping->seller_columns(words::seller_view(pair_, shown, deal))) {
    if (!is_blank(value)) create.changes[name] = value;
  }
  plan.operations.push_back(std::move(create));
  plan.summary = "New opportunity for " + customer->name;
  Planned settled = settle_situation(std::move(plan), view, Situation{});
  remember_new_account(settled);
  return settled;
}

}  // namespace cosell::engine
