// `cosell plan`: what a sync would do. One screen of counts, then deal by deal, field by field. Works on a copy of the
// store that disappears; nothing is written anywhere.
#include <algorithm>

#include "base/text.h"
#include "cli/commands.h"
#include "cli/cycle_report.h"
#include "cli/exit.h"
#include "cli/find_deal.h"
#include "cli/wording.h"
#include "deal/lifecycle.h"
#include "deal/registration_request.h"
#include "engine/guard.h"
#include "engine/marks.h"
#include "engine/view.h"

namespace cosell::cli {

namespace {

using store::OperationRow;
using store::OperationState;
using store::Side;

constexpr std::size_t deals_shown = 20;
constexpr std::size_t lines_max = 40;
constexpr int missing_kinds_shown = 6;

struct PlannedDeal {
  store::DealRow row;
  std::vector<OperationRow> operations;
};

Result<std::vector<PlannedDeal>> planned_deals(store::Store& store) {
  std::vector<PlannedDeal> out;
  std::map<std::int64_t, std::size_t> place;
  store::OperationFilter filter;
  filter.state = OperationState::planned;
  while (true) {
    auto rows = store.operations(filter);
    if (!rows) return rows.error();
    if (rows->empty()) return out;
    filter.after = rows->back().id;
    for (OperationRow& op : *rows) {
      const auto [it, fresh] = place.emplace(op.deal.value, out.size());
      if (fresh) {
        auto deal = store.deal(op.deal);
        if (!deal) return deal.error();
        out.push_back({});
        if (*deal) out.back().row = **deal;
      }
      out[it->second].operations.push_back(std::move(op));
    }
  }
}

// Does the store, before the plan, know of any deal what both sides agreed on?
Result<bool> knows_what_was_agreed(store::Store& store) {
  store::DealFilter filter;
  while (true) {
    auto rows = store.deals(filter);
    if (!rows) return rows.error();
    if (rows->empty()) return false;
    filter.after = rows->back().id;
    if (std::any_of(rows->begin(), rows->end(), [](const store::DealRow& row) { return row.crm.base.valid(); })) {
      return true;
    }
  }
}

// Nothing agreed is known: do opportunities name their referrals all the same? Then another store or another connector
// tied them, and without what was agreed one of two edits is written over.
Result<bool> were_synced_elsewhere(Workplace& place) {
  auto done = place.store().property("first_sync_done");
  if (!done) return done.error();
  if (!done->empty()) return false;
  store::DealFilter filter;
  while (true) {
    auto rows = place.store().deals(filter);
    if (!rows) return rows.error();
    if (rows->empty()) return false;
    filter.after = rows->back().id;
    for (const store::DealRow& row : *rows) {
      const bool tied = !row.partner_center.record_id.empty() && row.crm.image.valid();
      if (!tied) continue;
      auto columns = place.store().image(row.crm.image);
      if (!columns) return columns.error();
      if (!is_blank(column(*columns, place.mapping().key_column()))) return true;
    }
  }
}

bool is(const OperationRow& op, const char* kind, const char* verb) { return op.kind == kind && op.verb == verb; }

struct Counts {
  std::map<std::string, std::int64_t> new_referrals;  // by type
  std::map<std::string, std::int64_t> steps;          // by irreversible step
  std::map<std::string, std::int64_t> writes;         // by kind of write
  std::int64_t new_records = 0;                       // deals on either side
};

Counts count(const std::vector<PlannedDeal>& deals) {
  Counts counts;
  for (const PlannedDeal& deal : deals) {
    const bool help = std::any_of(deal.operations.begin(), deal.operations.end(),
                                  [](const OperationRow& op) { return op.kind == "microsoft_half"; });
    for (const OperationRow& op : deal.operations) {
      ++counts.writes[engine::write_kind(op)];
      if (!op.step.empty()) ++counts.steps[op.step];
      if (is(op, "referral", "create") || is(op, "opportunity", "create")) ++counts.new_records;
      if (!is(op, "referral", "create")) continue;
      const auto* visible = std::get_if<bool>(&column(op.changes, info(Field::visible).name));
      const bool shown = visible != nullptr && *visible;
      const bool later = !shown && engine::has_mark(deal.row, engine::settle_mark(Irreversible::shared));
      ++counts.new_referrals[later ? "private at first, shown to Microsoft after the waiting time"
                                   : name_of(deal_type(shown, help))];
    }
  }
  return counts;
}

std::string step_label(const std::string& name) {
  for (const Irreversible s : irreversible_steps) {
    if (name == name_of(s)) return label_of(s);
  }
  return name;
}

// What "something is missing" means, most frequent first.
Result<std::vector<std::pair<std::string, std::int64_t>>> missing_kinds(store::Store& store) {
  std::map<std::string, std::int64_t> by_message;
  store::DealFilter filter;
  filter.reason = "missing_field";
  while (true) {
    auto rows = store.deals(filter);
    if (!rows) return rows.error();
    if (rows->empty()) break;
    filter.after = rows->back().id;
    for (const auto& row : *rows) ++by_message[row.message];
  }
  std::vector<std::pair<std::string, std::int64_t>> out(by_message.begin(), by_message.end());
  std::stable_sort(out.begin(), out.end(), [](const auto& a, const auto& b) { return a.second > b.second; });
  return out;
}

Result<void> print_counts(Session& session, Workplace& place, const Counts& counts, const engine::CycleReport& report) {
  Output& out = session.output;
  const engine::Pair& pair = place.pair();
  if (counts.writes.empty()) {
    out.line(report.stopped ? "A sync would stop before its first write." : "A sync would write nothing.");
  } else {
    out.line("A sync would write:");
    Table table({"", ""});
    for (const auto& [kind, n] : counts.writes) {
      table.row({write_text(pair, kind, n), ""});
      if (kind != "partner_center.referral.create") continue;
      for (const auto& [type, of_type] : counts.new_referrals)
        table.row({"  " + grouped(of_type) + " " + type, ""}, Style::faint);
    }
    for (const auto& [step, n] : counts.steps) {
      table.row({"of these " + grouped(n) + " that cannot be taken back: " + step_label(step), ""}, Style::warning);
    }
    table.print(out, "  ");
    // They need the ids that the new records will have, so that no plan can show them.
    if (counts.new_records > 0) {
      out.line("Each of the " + text::count_of(static_cast<std::size_t>(counts.new_records), "new deal") +
               " is followed by up to one more write on either side, which ties the two together.");
    }
  }
  out.line();
  out.line("Deals afterwards:");
  print_states(out, report.states, "  ");
  auto missing = missing_kinds(place.store());
  if (!missing) return missing.error();
  if (!missing->empty()) {
    out.line();
    out.line("Missing:");
    int shown = 0;
    for (const auto& [message, n] : *missing) {
      if (++shown > missing_kinds_shown) break;
      out.line("  " + grouped(n) + "  " + message);
    }
    const auto more = static_cast<int>(missing->size()) - missing_kinds_shown;
    if (more > 0) out.line("  … and " + std::to_string(more) + " other combinations: cosell todo --kind missing");
  }
  return {};
}

// What stands on the side now, where the plan changes it.
Columns present(const engine::DealView& view, const OperationRow& op) {
  if (op.verb == "create") return {};
  return op.side == Side::crm ? view.crm_columns : view.partner_center_columns;
}

std::vector<std::string> lines_of(const engine::Pair& pair, const engine::DealView& view, const OperationRow& op) {
  std::vector<std::string> lines;
  std::string what = op.verb == "create" ? "create " + text::replace_all(op.kind, "microsoft_half", "request for help")
                     : op.kind == "registration" ? "correct the registration"
                                                 : "change";
  lines.push_back("  " + pair.title(op.side) + ": " + what +
                  (op.step.empty() ? "" : "  (cannot be taken back: " + step_label(op.step) + ")"));
  const Columns before = present(view, op);
  for (const auto& [name, value] : op.changes) {
    const std::string label = op.side == Side::partner_center ? label_of_column(name) : name;
    const std::string now = shortened(display(value), 90);
    if (op.verb == "create") {
      if (!is_blank(value)) lines.push_back("    " + padded(label, 26) + now);
    } else {
      lines.push_back("    " + padded(label, 26) + shortened(display(column(before, name)), 60) + " → " + now);
    }
  }
  return lines;
}

Result<void> print_deals(Session& session, Workplace& place, const std::vector<PlannedDeal>& deals,
                         const PlanOptions& options) {
  Output& out = session.output;
  if (options.summary || deals.empty()) return {};
  out.line();
  std::size_t lines = 0;
  std::size_t shown = 0;
  for (const PlannedDeal& deal : deals) {
    if (!options.full && (shown == deals_shown || (lines >= lines_max && shown > 0 && options.deal.empty()))) break;
    auto view = engine::load_view(place.pair(), deal.row);
    if (!view) return view.error();
    out.line(out.styled(deal.row.title, Style::strong) + "  " + out.styled(short_id(deal.row), Style::faint));
    for (const OperationRow& op : deal.operations) {
      for (const std::string& line : lines_of(place.pair(), *view, op)) {
        out.line(line);
        ++lines;
      }
    }
    ++shown;
  }
  const std::size_t more = deals.size() - shown;
  if (more > 0) out.line("… " + grouped(static_cast<std::int64_t>(more)) + " more: cosell plan --full");
  return {};
}

json::Value json_of_deals(const std::vector<PlannedDeal>& deals) {
  json::Value list = json::Value::array();
  for (const PlannedDeal& deal : deals) {
    json::Value writes = json::Value::array();
    for (const OperationRow& op : deal.operations) {
      json::Value changes = json::Value::object();
      for (const auto& [name, value] : op.changes) {
        changes.set(name, is_blank(value) ? json::Value::null() : json::Value::string(display(value)));
      }
      Object o;
      o.text("side", store::name_of(op.side)).text("kind", op.kind).text("verb", op.verb);
      if (!op.step.empty()) o.text("step", op.step);
      writes.append(o.value("changes", std::move(changes)).done());
    }
    json::Value one = json_of(deal.row);
    one.set("writes", std::move(writes));
    list.append(std::move(one));
  }
  return list;
}

// All the deals that the stop speaks of; its message names a few.
Result<void> print_gone(Session& session, const engine::Pair& pair, const PlanOptions& options, json::Value& answer) {
  auto gone = engine::deals_gone(pair);
  if (!gone) return gone.error();
  json::Value list = json::Value::array();
  if (options.full && !gone->empty()) session.output.line("\nDeleted, or no longer to be seen:");
  for (const engine::GoneDeal& deal : *gone) {
    const std::string& id = deal.crm_id;
    if (options.full) session.output.line("  " + deal.title + "  " + id + "  (" + pair.title(deal.side) + ")");
    list.append(Object()
                    .text("title", deal.title)
                    .text("crm_id", deal.crm_id)
                    .text("referral_id", deal.referral_id)
                    .text("side", store::name_of(deal.side))
                    .done());
  }
  answer.set("gone", std::move(list));
  return {};
}

PairAnswer plan_pair(Session& session, const PairConfig& config, const PlanOptions& options,
                     DealOfSomePair& of_some_pair) {
  auto place = Workplace::make(session, config, Workplace::Login::needed, Workplace::MappingUsed::own_from_copy);
  if (!place) return failed(session, &config, place.error());
  if (auto opened = (*place)->open_store(StoreMode::scratch, false); !opened) {
    return failed(session, &config, opened.error());
  }
  if (auto apart = (*place)->keeps_apart(); !apart) return failed(session, &config, apart.error());
  auto agreed = knows_what_was_agreed((*place)->store());
  if (!agreed) return failed(session, &config, agreed.error());
  engine::CycleOptions cycle;
  cycle.command = "plan";
  cycle.plan_only = true;
  cycle.limit = options.limit;
  cycle.progress = progress_of(session);
  engine::Pair& pair = (*place)->pair();
  AskedDeal asked(pair, options.deal);
  const bool one = !options.deal.empty();
  if (one) cycle.only = [&asked](const store::DealRow& row) { return asked.is(row); };
  auto report = engine::run_cycle(pair, cycle);
  session.output.end_progress();
  if (!report) return failed(session, &config, report.error());
  const bool by_guard = report->stopped && report->stopped->kind == ErrorClass::guard;
  if (one && (!report->stopped || by_guard)) {
    if (auto done = of_some_pair.look_at(session, config, asked.found())) {
      if (by_guard) {  // perhaps before all deals were read
        const PairAnswer stop = failed(session, &config, told_stop(**place, *report));
        done->code = worse(done->code, exit_code_of(*report));
        if (const json::Value* why = stop.json.find("error")) done->json.set("stopped", *why);
      }
      return std::move(*done);
    }
  }
  auto deals = planned_deals((*place)->store());
  if (!deals) return failed(session, &config, deals.error());
  PairAnswer answer;
  if (report->stopped) {
    answer = failed(session, &config, told_stop(**place, *report));
    answer.code = exit_code_of(*report);
  }
  const bool shown_anyway = !report->stopped || by_guard;
  if (shown_anyway) {
    const Counts counts = count(*deals);
    if (auto done = print_counts(session, **place, counts, *report); !done)
      return failed(session, &config, done.error());
    auto before = *agreed ? Result<bool>(false) : were_synced_elsewhere(**place);
    if (!before) return failed(session, &config, before.error());
    if (*before) {
      session.output.line();
      session.output.line(
          session.output.styled("These deals were synced before, with another store or by another connector. What both "
                                "sides agreed on then is "
                                "not known in " +
                                    config.store +
                                    ", so that where they differ now the mapping's \"first_link\" decides. Where it "
                                    "was this program: name its "
                                    "store in the configuration, or: cosell store restore FILE",
                                Style::warning));
    }
    if (!report->warnings.empty()) session.output.line();
    print_warnings(session, *report);
    if (auto done = print_deals(session, **place, *deals, options); !done)
      return failed(session, &config, done.error());
    session.output.line();
    json::Value full = json_of(**place, *report);
    if (report->guard == "deletions") {
      if (auto done = print_gone(session, pair, options, full); !done) return failed(session, &config, done.error());
    }
    if (one && !report->stopped) {
      if (auto told = asked.tell(session.output, full); !told) return failed(session, &config, told.error());
    }
    session.output.line("Nothing was written anywhere. " + calls_line(**place));
    full.set("synced_before", json::Value::boolean(*before));
    full.set("new_referrals", json_of(counts.new_referrals));
    full.set("steps", json_of(counts.steps));
    if (!options.summary) full.set("deals", json_of_deals(*deals));
    answer.json = std::move(full);
  }
  return answer;
}

}  // namespace

int plan_command(Session& session, const PlanOptions& options) {
  const auto pair = pair_that_knows(session, options.pair, options.deal);
  DealOfSomePair of_some_pair(session, pair);
  return for_each_pair(session, pair,
                       [&](const PairConfig& config) { return plan_pair(session, config, options, of_some_pair); });
}

}  // namespace cosell::cli
