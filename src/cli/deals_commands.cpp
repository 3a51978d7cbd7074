// `cosell deals list` and `deals show`. The history has a file of its own.
#include <algorithm>
#include <functional>

#include "base/text.h"
#include "cli/choices.h"
#include "cli/commands.h"
#include "cli/exit.h"
#include "cli/find_deal.h"
#include "cli/look_at_stores.h"
#include "cli/wording.h"
#include "cli/workplace.h"
#include "deal/registration.h"
#include "engine/deadline.h"
#include "engine/decide.h"
#include "engine/marks.h"
#include "engine/resolve.h"
#include "engine/view.h"
#include "engine/words.h"

namespace cosell::cli {

namespace {

using store::DealRow;
using store::DealState;
using store::Side;

constexpr std::size_t last_entries_shown = 6;
const std::vector<std::string> state_names = {"skipped", "in_sync", "changed", "waiting", "failed"};

std::optional<DealState> state_from(const std::string& name) {
  const std::string wanted = text::replace_all(text::replace_all(text::lower_ascii(name), "-", "_"), " ", "_");
  for (const DealState s :
       {DealState::skipped, DealState::in_sync, DealState::changed, DealState::waiting, DealState::failed}) {
    if (wanted == store::name_of(s)) return s;
  }
  return std::nullopt;
}

Result<void> each_listed(store::Store& store, const ListOptions& options,
                         const std::function<void(const DealRow&)>& tell) {
  store::DealFilter filter;
  if (!options.state.empty()) filter.state = state_from(options.state);
  filter.reason = options.reason;
  filter.owner = options.owner;
  filter.name_part = options.name;
  filter.include_skipped = options.all || filter.state == DealState::skipped;
  int told = 0;
  while (true) {
    auto rows = store.deals(filter);
    if (!rows) return rows.error();
    if (rows->empty()) return {};
    filter.after = rows->back().id;
    for (const DealRow& row : *rows) {
      if (options.limit > 0 && told == options.limit) return {};
      tell(row);
      ++told;
    }
  }
}

void print_operations(Output& out, const engine::Pair& pair, const std::vector<store::OperationRow>& operations) {
  for (const auto& op : operations) {
    const bool planned = op.state == store::OperationState::planned;
    const bool unanswered = op.state == store::OperationState::sent || op.state == store::OperationState::unknown;
    if (!planned && !unanswered) continue;
    out.line("Open: " + pair.title(op.side) + ": " + (planned ? "to be written" : "written, no answer yet") + ": " +
             shortened(engine::words::changes(op.changes), 160));
  }
}

Result<void> print_last_entries(Output& out, store::Store& store, const DealRow& deal) {
  std::vector<store::JournalEntry> last;
  std::int64_t after = 0;
  while (true) {
    auto entries = store.history(deal.id, after, 500);
    if (!entries) return entries.error();
    if (entries->empty()) break;
    after = entries->back().sequence;
    for (auto& entry : *entries) last.push_back(std::move(entry));
  }
  if (last.empty()) return {};
  out.line();
  out.line("Last entries (all: cosell deals history " + short_id(deal) + "):");
  const std::size_t from = last.size() > last_entries_shown ? last.size() - last_entries_shown : 0;
  for (std::size_t i = from; i < last.size(); ++i) {
    out.line("  " + to_string_minutes(last[i].at) + "  " + shortened(last[i].summary, 140));
  }
  return {};
}

// One deal: both sides next to each other, what it waits for, and what happened last.
class Sheet {
 public:
  Sheet(Session& session, Workplace& place, DealRow row) : session_(session), place_(place), row_(std::move(row)) {}

  Result<json::Value> tell() {
    auto view = engine::load_view(place_.pair(), row_);
    if (!view) return view.error();
    store::OperationFilter filter;
    filter.deal = row_.id;
    auto operations = place_.store().operations(filter);
    if (!operations) return operations.error();
    Output& out = session_.output;
    out.line(out.styled(row_.title, Style::strong) + (row_.owner.empty() ? "" : "  (" + row_.owner + ")"));
    out.line(out.styled(engine::words::state_line(row_), style_of(row_)));
    if (!row_.next_step.empty()) out.line("→ " + row_.next_step);
    json_ = json_of(row_);
    links();
    not_chosen_any_more(*view);
    microsoft(*view);
    more(*view);
    if (auto done = deadline(); !done) return done.error();
    fields(*view);
    if (auto done = choices(); !done) return done.error();
    registration(*view);
    print_operations(out, place_.pair(), *operations);
    failure(*operations);
    if (out.for_people()) {
      if (auto done = print_last_entries(out, place_.store(), row_); !done) return done.error();
    }
    return json_;
  }

 private:
  void links() {
    for (const Side side : {Side::crm, Side::partner_center}) {
      const bool crm = side == Side::crm;
      const store::SideState& state = store::side_of(row_, side);
      const std::string& id = state.record_id;
      const std::string title = padded(place_.pair().title(side) + ":", 17);
      if (id.empty()) {
        session_.output.line(title + "no record");
        continue;
      }
      const auto kind = crm ? RecordKind::opportunity : RecordKind::referral;
      const std::string url = place_.pair().connector(side).page_url(kind, RecordId(id));
      session_.output.line(title + id + (url.empty() ? "" : "  " + url));
      // Told before a run decides on it, too: one that a guard stopped did not.
      if (state.existence == store::Existence::deleted || state.existence == store::Existence::out_of_scope) {
        session_.output.line(padded("", 17) + session_.output.styled(gone_text(state.existence), Style::warning));
        json_.set(crm ? "crm_gone" : "referral_gone", json::Value::string(gone_text(state.existence)));
      }
      if (!url.empty()) json_.set(crm ? "crm_link" : "referral_link", json::Value::string(url));
    }
  }

  static std::string gone_text(store::Existence existence) {
    return existence == store::Existence::deleted
               ? "deleted; what stands below was there before"
               : "no longer visible to the bridge; what stands below was there before";
  }

  // A deal that has a referral stays in sync, whatever becomes of the tick with which it began.
  void not_chosen_any_more(const engine::DealView& view) {
    const bool linked = !row_.crm.record_id.empty() && !row_.partner_center.record_id.empty();
    const auto selection = place_.pair().mapping->select_opportunity(view.crm_columns);
    if (!linked || selection.takes_part || selection.reason != "not_selected") return;
    const std::string note = selection.text + "; a deal that has a referral stays in sync (cosell deals unlink)";
    session_.output.line(padded("Note:", 17) + note);
    json_.set("note", json::Value::string(note));
  }

  void microsoft(const engine::DealView& view) {
    const std::string answer = view.partner_center.text(Field::microsoft_answer);
    before_help(view, answer);
    if (answer.empty()) return;
    const std::string reason = view.partner_center.text(Field::microsoft_reason);
    const std::string seller = view.partner_center.text(Field::microsoft_seller);
    session_.output.line(padded("Microsoft:", 17) + answer + (reason.empty() ? "" : " (" + reason + ")") +
                         (seller.empty() ? "" : ", " + seller));
    json_.set("microsoft_answer", json::Value::string(answer));
    const auto meaning = meaning_of_answer(view.partner_center, place_.pair().settings.rules.registration);
    if (meaning.meaning.empty()) return;
    // Nobody asks again for a deal that is over.
    const bool over = is_terminal(view.partner_center.standing().value_or(Standing{}));
    const std::string restart = meaning.restart ? " (cosell deals restart " + short_id(row_) + ")" : "";
    session_.output.line(padded("", 17) + meaning.meaning + (over ? "" : " " + meaning.advice + restart));
  }

  // M-1: help is wanted, or asked and not answered yet. A value that is too small, or that nobody can judge, is told.
  void before_help(const engine::DealView& view, const std::string& answer) {
    const bool wanted = answer.empty() && !view.inbound && !is_blank(view.crm.deal.get(Field::help));
    if (!wanted && answer != "waiting") return;
    const bool in_crm = !is_blank(view.crm.deal.get(Field::value));
    const std::string warning =
        warning_before_help(in_crm ? view.crm.deal : view.partner_center, place_.pair().settings.rules.registration);
    if (warning.empty()) return;
    json_.set("warning", json::Value::string(warning));
    if (row_.message.find(warning) != std::string::npos) return;  // said already
    session_.output.line(padded("Note:", 17) + session_.output.styled(warning, Style::warning));
  }

  // What Partner Center alone shows of the deal (D-3, R-4, R-8), and the referral before this one.
  void more(const engine::DealView& view) {
    for (const Field f :
         {Field::type, Field::direction, Field::location, Field::campaign, Field::tags, Field::favorite}) {
      const Value& value = view.partner_center.get(f);
      if (is_blank(value)) continue;
      session_.output.line(padded(std::string(info(f).label) + ":", 17) + display(value));
      json_.set(info(f).name, json::Value::string(display(value)));
    }
    const auto old = row_.marks.find(engine::predecessor_mark);
    if (old == row_.marks.end()) return;
    session_.output.line(padded("Before this:", 17) + "referral " + old->second);
    json_.set("predecessor", json::Value::string(old->second));
  }

  Result<void> deadline() {
    auto due = engine::deadline_of(place_.pair(), row_);
    if (!due) return due.error();
    if (!*due) return {};
    session_.output.line(padded("Deadline:", 17) + to_string_minutes((*due)->at) + " UTC: " + (*due)->what);
    json_.set("until", json::Value::string(to_string_seconds((*due)->at)));
    return {};
  }

  static std::string possible_text(Answer eligible) {
    switch (eligible) {
      case Answer::yes:
        return "possible";
      case Answer::no:
        return "not possible, because of what says \"no\"";
      case Answer::unknown:
        break;
    }
    return "possible as far as is known";
  }

  // What a person does about it, and when.
  void how_to_register(const engine::DealView& view, const RegistrationOutlook& outlook) {
    const Standing standing = view.partner_center.standing().value_or(Standing{});
    if (outlook.eligible == Answer::no || !view.partner_center.text(Field::registration).empty()) return;
    if (standing.substatus == Substatus::won) {
      session_.output.line("  → " + engine::words::register_command(row_) + " (what it asks for: --help)");
    } else if (!is_terminal(standing) && outlook.won_from && *outlook.won_from > session_.clock().now()) {
      session_.output.line("  → Win it not before " + to_string_minutes(*outlook.won_from) + " UTC: within " +
                           in_words(place_.pair().settings.rules.clocks.won_after) +
                           " of its creation it may be refused registration.");
    }
  }

  // G-1 to G-7, rule by rule.
  void registration(const engine::DealView& view) {
    if (!view.partner_center.standing()) return;
    const auto outlook = registration_outlook(view.partner_center, place_.pair().settings.rules);
    json::Value list = json::Value::array();
    const std::string status = view.partner_center.text(Field::registration);
    session_.output.line();
    session_.output.line("Registration with Microsoft: " + (status.empty() ? possible_text(outlook.eligible) : status));
    for (const Eligibility& e : outlook.rules) {
      session_.output.line("  " + padded(name_of(e.answer), 10) + e.text);
      list.append(Object().text("rule", e.rule).text("answer", name_of(e.answer)).text("text", e.text).done());
    }
    how_to_register(view, outlook);
    json_.set("registration",
              Object().text("eligible", name_of(outlook.eligible)).text("status", status).value("rules", list).done());
  }

  // How much of a value each side's column shows: on a terminal, what fits beside the other.
  std::pair<std::size_t, std::size_t> columns_of_sides() const {
    constexpr std::size_t beside = 33;  // the labels, the sign and the gaps
    constexpr std::size_t least = 20;
    constexpr std::pair<std::size_t, std::size_t> most = {48, 60};
    const std::size_t width = session_.output.width();
    if (width == 0) return most;
    const std::size_t room = std::max(width, beside + 2 * least) - beside;
    const std::size_t left = std::min(most.first, room / 2);
    return {left, std::min(most.second, room - left)};
  }

  // Of a field that differs without a change that could travel: what keeps it so.
  std::string why_it_stays(Field field) const {
    const engine::Pair& pair = place_.pair();
    const auto& fixed = pair.partner_center->capabilities().create_only_columns;
    const mapping::FieldRule& rule = pair.mapping->rule(field);
    const bool once = std::find(fixed.begin(), fixed.end(), info(field).name) != fixed.end() || rule.create_only;
    if (rule.direction == mapping::Direction::off) return "the mapping keeps this field out of the sync";
    if (once) return "sent when the referral is created; later changes stay in " + pair.title(Side::crm);
    const bool one_way = rule.direction != mapping::Direction::both;
    return reconcile::explain(one_way ? reconcile::Reason::one_way : reconcile::Reason::unchanged);
  }

  // Why a field may differ: what the comparison makes of it. What a person has to choose is told below.
  std::map<Field, std::string> why_different(const engine::DealView& view) const {
    std::map<Field, std::string> why;
    const auto shown = [](const store::SideState& s) {
      return !s.record_id.empty() && s.existence == store::Existence::live && s.image.valid();
    };
    if (!shown(row_.crm) || !shown(row_.partner_center)) return why;
    for (const auto& d : engine::Decider(place_.pair(), RunId{}).compare(row_, view).fields) {
      const bool to_choose =
          d.verdict == reconcile::Verdict::conflict || engine::can_be_chosen(reconcile::name_of(d.reason));
      if (to_choose || d.reason == reconcile::Reason::equal) continue;
      const bool stays = d.reason == reconcile::Reason::unchanged || d.reason == reconcile::Reason::one_way;
      why[d.field] = stays ? why_it_stays(d.field) : reconcile::explain(d.reason);
    }
    return why;
  }

  void fields(const engine::DealView& view) {
    const std::map<Field, std::string> why = why_different(view);
    Table told({"", ""});
    told.last_is_sentence();
    const auto [left_most, right_most] = columns_of_sides();
    const engine::Pair& pair = place_.pair();
    Table table({"Field", pair.title(Side::crm), "", pair.title(Side::partner_center)});
    json::Value list = json::Value::array();
    for (const FieldInfo& f : all_fields()) {
      if (!f.shared || f.field == Field::crm_id) continue;
      // A closed opportunity has no stage that could be compared.
      const auto in_crm = view.crm.deal.standing();
      if (f.field == Field::stage && in_crm && is_terminal(*in_crm)) continue;
      const Value* crm = view.crm.deal.find(f.field);
      const Value* referral = view.partner_center.find(f.field);
      const Value left = crm == nullptr ? Value{} : *crm;
      const Value right = referral == nullptr ? Value{} : *referral;
      if (is_blank(left) && is_blank(right)) continue;
      const bool both = crm != nullptr && referral != nullptr;
      const bool same = both && same_value(left, right);
      const char* sign = same ? "=" : both ? "≠" : "";
      table.row({f.label, crm == nullptr ? "" : shortened(display(left), left_most), sign,
                 referral == nullptr ? "" : shortened(display(right), right_most)},
                both && !same ? Style::warning : Style::plain);
      Object o;
      o.text("field", f.name).flag("same", same);
      if (const auto reason = why.find(f.field); both && !same && reason != why.end()) {
        told.row({std::string("≠ ") + f.label, reason->second});
        o.text("why", reason->second);
      }
      if (crm != nullptr) o.text("crm", display(left));
      if (referral != nullptr) o.text("partner_center", display(right));
      list.append(o.done());
    }
    session_.output.line();
    table.print(session_.output);
    told.print(session_.output);
    json_.set("fields", std::move(list));
  }

  std::string changed_text(const std::optional<engine::LastChange>& change) const {
    if (!change) return "as it was first seen";
    return (change->by.empty() ? "" : "by " + change->by + ", ") + "seen " + to_string_minutes(change->seen_at) +
           " UTC, before: " + shortened(display(change->before), 60);
  }

  // Where a person has to choose: both values, the old one, why it waits, and what each choice would write.
  Result<void> choices() {
    auto open = engine::open_choices(place_.pair(), row_);
    if (!open) return open.error();
    json::Value list = json::Value::array();
    for (const engine::OpenChoice& one : *open) {
      tell_choice(one);
      list.append(json_of_choice(one));
    }
    if (!open->empty()) json_.set("choices", std::move(list));
    return {};
  }

  void tell_choice(const engine::OpenChoice& one) {
    Output& out = session_.output;
    const engine::Pair& pair = place_.pair();
    const auto kept = row_.marks.find(engine::choice_prefix + info(one.field).name);
    out.line();
    out.line(out.styled(std::string("To choose: ") + info(one.field).label, Style::strong) + " (" +
             reconcile::explain(one.reason) + (one.rule.empty() ? "" : ", rule " + one.rule) + ")");
    Table table({"", "", ""});
    table.row({pair.title(Side::crm), shortened(display(one.crm), 60), changed_text(one.crm_changed)});
    table.row({pair.title(Side::partner_center), shortened(display(one.partner_center), 60),
               changed_text(one.partner_center_changed)});
    table.row({"agreed before", one.agreed ? shortened(display(*one.agreed), 60) : "never", ""});
    table.print(out, "  ");
    if (kept != row_.marks.end()) {
      out.line("  Chosen already; it leaves with the next sync: cosell sync");
      return;
    }
    const std::string command = "cosell resolve " + short_id(row_) + " --field " + info(one.field).name + " --take ";
    const std::string crm = engine::consequence(pair, one, engine::Take::crm);
    if (one.has_step_to_crm()) {
      out.line("  " + padded(command + "crm", 80) + (crm.empty() ? "leaves both sides as they are" : "writes " + crm));
    }
    out.line("  " + padded(command + "partner-center", 80) + "writes " +
             engine::consequence(pair, one, engine::Take::partner_center));
  }

  json::Value json_of_choice(const engine::OpenChoice& one) const {
    Object o;
    o.text("field", info(one.field).name).text("reason", reconcile::name_of(one.reason)).text("rule", one.rule);
    o.text("crm", display(one.crm)).text("partner_center", display(one.partner_center));
    if (one.agreed) o.text("agreed", display(*one.agreed));
    if (one.crm_changed) o.text("crm_changed_at", to_string_seconds(one.crm_changed->seen_at));
    if (one.crm_changed && !one.crm_changed->by.empty()) o.text("crm_changed_by", one.crm_changed->by);
    if (one.partner_center_changed)
      o.text("partner_center_changed_at", to_string_seconds(one.partner_center_changed->seen_at));
    o.text("take_crm", engine::consequence(place_.pair(), one, engine::Take::crm));
    o.text("take_partner_center", engine::consequence(place_.pair(), one, engine::Take::partner_center));
    return o.done();
  }

  // The last write that was refused or is being tried again: everything that support needs to know of it.
  void failure(const std::vector<store::OperationRow>& operations) {
    const bool retried = engine::has_mark(row_, engine::attempts_mark);
    if (row_.state != DealState::failed && !retried) return;
    const auto last = std::find_if(operations.rbegin(), operations.rend(),
                                   [](const store::OperationRow& op) { return !op.error_class.empty(); });
    if (last == operations.rend()) return;
    Output& out = session_.output;
    const std::string words = last->error_detail.empty() ? last->error_message : last->error_detail;
    out.line();
    out.line(out.styled("Failed write", Style::strong) + " to " + place_.pair().title(last->side) + ": " +
             shortened(engine::words::changes(last->changes), 120));
    Table table({"", ""});
    table.row({"class", last->error_class + (last->error_rule.empty() ? "" : ", " + last->error_rule)});
    table.row({"it said", shortened(words, 300)});
    if (!last->request_id.empty()) table.row({"request id", last->request_id});
    if (last->sent_at) table.row({"sent", to_string_seconds(*last->sent_at)});
    const std::string attempts =
        retried ? row_.marks.at(engine::attempts_mark) : std::to_string(std::max(last->attempts, 1));
    table.row({"attempts", attempts});
    table.row({"next try", row_.look_again_at
                               ? to_string_minutes(*row_.look_again_at) + " UTC, by itself"
                               : "once another value is to be written, or: cosell replay " + short_id(row_)});
    table.print(out, "  ");
    json_.set("failure", Object()
                             .text("side", store::name_of(last->side))
                             .text("operation", last->kind + " " + last->verb)
                             .text("class", last->error_class)
                             .text("code", last->error_rule)
                             .text("said", words)
                             .text("request_id", last->request_id)
                             .text("attempts", attempts)
                             .done());
  }

  Session& session_;
  Workplace& place_;
  DealRow row_;
  json::Value json_;
};

PairAnswer show_pair(Session& session, const PairConfig& config, const std::string& deal) {
  auto made = Workplace::make(session, config, Workplace::Login::not_needed);
  if (!made) return failed(session, &config, made.error());
  if (auto opened = (*made)->open_store(StoreMode::shared, false); !opened) {
    return failed(session, &config, opened.error());
  }
  auto row = find_deal((*made)->pair(), deal);
  if (!row) return failed(session, &config, row.error());
  auto told = Sheet(session, **made, std::move(*row)).tell();
  if (!told) return failed(session, &config, told.error());
  PairAnswer answer;
  answer.json = std::move(*told);
  return answer;
}

using TellDeal = std::function<void(const std::string& pair, const DealRow& row)>;

LookedAt look_at_deals(Session& session, const ListOptions& options, const TellDeal& tell) {
  return look_at_stores(session, options.pair, [&](Workplace& place) {
    return each_listed(place.store(), options, [&](const DealRow& row) { tell(place.config().name, row); });
  });
}

// Programs get each deal as it is found.
int list_as_json(Session& session, const ListOptions& options) {
  JsonDocument document(session.output);
  document.begin_list("deals");
  const LookedAt looked = look_at_deals(session, options, [&](const std::string& pair, const DealRow& row) {
    json::Value one = Object().text("pair", pair).done();
    const json::Value rest = json_of(row);
    for (const json::Member& m : rest.members()) one.set(m.key, m.value);
    document.item(one);
  });
  document.end();
  if (!looked.failures.items().empty()) document.member("failures", looked.failures);
  return looked.code;
}

int list_as_csv(Session& session, const ListOptions& options) {
  CsvRows csv(session.output,
              {"pair", "deal", "crm id", "referral id", "owner", "state", "waits for", "reason", "message", "since"});
  return look_at_deals(
             session, options,
             [&](const std::string& pair, const DealRow& row) {
               csv.row({pair, row.title, row.crm.record_id, row.partner_center.record_id, row.owner,
                        store::name_of(row.state), row.state == DealState::waiting ? store::name_of(row.waits_for) : "",
                        row.reason, row.message, to_string_seconds(row.since)});
             })
      .code;
}

// Columns that line up take all rows first.
int list_for_people(Session& session, const ListOptions& options) {
  Output& out = session.output;
  const bool several = session.config.pairs.size() > 1;
  const bool whole_sentences = out.width() > 0;  // a terminal shows them below their row
  std::vector<std::string> headings = {"Deal", "Id", "Owner", "State"};
  if (several) headings.insert(headings.begin(), "Pair");
  Table table(headings);
  table.last_is_sentence();
  const LookedAt looked = look_at_deals(session, options, [&](const std::string& pair, const DealRow& row) {
    std::string state = engine::words::state_line(row);
    if (row.state == DealState::skipped) state = "Skipped: " + reason_text(row.reason);
    std::vector<std::string> cells = {shortened(row.title, 44), short_id(row), shortened(row.owner, 24),
                                      whole_sentences ? state : shortened(state, 110)};
    if (several) cells.insert(cells.begin(), pair);
    table.row(std::move(cells), style_of(row));
  });
  if (!looked.any) return looked.code;
  if (table.empty()) {
    out.line(options.all ? "No deals." : "No deals (skipped ones are shown with --all).");
    return looked.code;
  }
  table.print(out);
  out.line(text::count_of(table.size(), "deal") + ".");
  return looked.code;
}

}  // namespace

int deals_list_command(Session& session, const ListOptions& options) {
  if (!options.state.empty() && !state_from(options.state)) {
    return failed(session, nullptr, no_such("state", options.state, state_names)).code;
  }
  if (const auto wrong = cannot_choose(session, options.pair, ChosenBy::reason, options.reason)) {
    return failed(session, nullptr, *wrong).code;
  }
  if (!options.pair.empty() && session.config.find(options.pair) == nullptr) {
    return for_each_pair(session, options.pair, [](const PairConfig&) { return PairAnswer{}; });
  }
  if (session.output.options().json) return list_as_json(session, options);
  return session.output.options().csv ? list_as_csv(session, options) : list_for_people(session, options);
}

int deals_show_command(Session& session, const std::string& pair, const std::string& deal) {
  return for_each_pair(session, pair_that_knows(session, pair, deal),
                       [&](const PairConfig& config) { return show_pair(session, config, deal); });
}

}  // namespace cosell::cli
