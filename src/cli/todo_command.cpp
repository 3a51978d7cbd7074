// `cosell todo`: the one list of everything that waits for a person or failed, most urgent first.
#include <algorithm>
#include <map>
#include <set>

#include "base/text.h"
#include "cli/calendar.h"
#include "cli/choices.h"
#include "cli/commands.h"
#include "cli/exit.h"
#include "cli/find_deal.h"
#include "cli/look_at_stores.h"
#include "cli/wording.h"
#include "cli/workplace.h"
#include "engine/deadline.h"
#include "engine/decide.h"
#include "engine/drift.h"
#include "engine/marks.h"
#include "engine/resolve.h"
#include "engine/words.h"

namespace cosell::cli {

namespace {

using store::DealRow;
using store::Side;

struct Item {
  std::string pair;
  DealRow row;  // without id: an incident of the whole pair
  std::string kind;
  std::string what;  // state and reason, in words
  std::string next_step;
  std::optional<Instant> deadline;
  std::string due;                 // what is to be done until then
  std::vector<std::string> pages;  // "Partner Center: https://…", of those that have one; for a calendar
  std::string page;                // the first of them
};

constexpr const char* look_command = "cosell deals show ";

// A warning while a step waits for its time: to be seen, not to be done.
bool is_note(const Item& item) { return item.kind == "warning"; }

bool is_owner(const DealRow& row, const std::string& owner) {
  if (owner.empty()) return true;
  const bool by_name = text::folded(row.owner).find(text::folded(owner)) != std::string::npos;
  return by_name || text::equals_ignore_case(row.owner_email, owner);
}

std::string next_step_of(const engine::Pair& pair, const DealRow& row) {
  const bool choice = row.reason != "conflict" && engine::can_be_chosen(row.reason);
  if (choice) return row.next_step + " All choices: cosell deals show " + short_id(row);
  if (!row.next_step.empty()) return row.next_step;
  const bool unread_only = !waits_for_a_person(row) && engine::has_mark(row, engine::answer_unread_mark);
  if (unread_only) return engine::words::unread_remedy(pair, Side::partner_center);
  return (row.state == store::DealState::failed ? "cosell replay " : look_command) + short_id(row);
}

Result<void> add_incidents(std::vector<Item>& items, Workplace& place, const std::string& kind) {
  for (const Side side : {Side::crm, Side::partner_center}) {
    auto stored = place.store().property(std::string("incident.") + store::name_of(side));
    if (!stored) return stored.error();
    if (stored->empty()) continue;
    const auto incident = json::read(*stored);
    if (!incident) continue;
    Item item;
    item.pair = place.config().name;
    item.row.title = "(all deals)";
    item.kind = incident->text_of("class") == name_of(ErrorClass::auth_expired) ? "login" : "unreachable";
    if (!kind.empty() && kind != item.kind) continue;
    item.what = incident->text_of("message");
    item.row.since = parse_instant(incident->text_of("since")).value_or(Instant{});
    const bool log_in = item.kind == "login" && side == Side::partner_center;
    item.next_step = (log_in ? "cosell login partner-center " : "cosell check ") + place.config().name;
    items.push_back(std::move(item));
  }
  return {};
}

// Nothing is written until a person lets through what a guard stopped.
Result<void> add_guard(std::vector<Item>& items, Workplace& place, const std::string& kind) {
  if (!kind.empty() && kind != "guard") return {};
  auto stopped = stopped_by_guard(place.store());
  if (!stopped) return stopped.error();
  if (!*stopped) return {};
  Item item;
  item.pair = place.config().name;
  item.row.title = "(all deals)";
  item.row.since = (*stopped)->started_at;
  item.kind = "guard";
  // "Stopped …: this run would close 6 deals. Look at them with: …"
  const std::string& note = (*stopped)->note;
  const std::size_t end = std::min(note.find(". "), note.size());
  item.what = note.substr(0, end) + ".";
  item.next_step = end < note.size() ? note.substr(end + 2) : "cosell plan " + place.config().name;
  items.push_back(std::move(item));
  return {};
}

// Stages of the CRM that changed after the mapping was written; whoever keeps the mapping has to change it.
Result<void> add_drift(std::vector<Item>& items, Workplace& place) {
  auto drift = engine::known_drift(place.store());
  if (!drift) return drift.error();
  for (const engine::Drift& d : *drift) {
    Item item;
    item.pair = place.config().name;
    item.row.title = "(mapping)";
    item.row.since = d.since;
    item.kind = "mapping";
    item.what = d.message;
    item.next_step = d.next_step;
    items.push_back(std::move(item));
  }
  return {};
}

void add_pages(Item& item, const engine::Pair& pair) {
  for (const Side side : {Side::crm, Side::partner_center}) {
    const auto kind = side == Side::crm ? RecordKind::opportunity : RecordKind::referral;
    const std::string& id = side == Side::crm ? item.row.crm.record_id : item.row.partner_center.record_id;
    const std::string page = id.empty() ? "" : pair.connector(side).page_url(kind, RecordId(id));
    if (page.empty()) continue;
    if (item.page.empty()) item.page = page;
    item.pages.push_back(pair.title(side) + ": " + page);
  }
}

Result<void> add_deals(std::vector<Item>& items, Workplace& place, const TodoOptions& options) {
  store::DealFilter filter;
  filter.include_skipped = false;
  while (true) {
    auto rows = place.store().deals(filter);
    if (!rows) return rows.error();
    if (rows->empty()) return {};
    filter.after = rows->back().id;
    for (DealRow& row : *rows) {
      const bool only_deadlines = options.kind == "deadline";
      const bool listed = waits_for_a_person(row) || has_a_note(row);
      if ((!only_deadlines && !listed) || !is_owner(row, options.owner)) continue;
      Item item;
      item.kind = todo_kind(row);
      if (!options.kind.empty() && !only_deadlines && !is_of_kind(row, options.kind)) continue;
      auto deadline = engine::deadline_of(place.pair(), row);
      if (!deadline) return deadline.error();
      if (only_deadlines && !*deadline) continue;
      if (*deadline) {
        item.deadline = (*deadline)->at;
        item.due = (*deadline)->what;
        if (row.next_step.empty()) item.next_step = (*deadline)->next_step;
      }
      item.pair = place.config().name;
      item.what = engine::words::state_line(row);
      if (item.next_step.empty()) item.next_step = next_step_of(place.pair(), row);
      if (const std::string unread = engine::words::unread_answer(place.pair(), row); !unread.empty()) {
        item.what = engine::words::one_after_the_other(item.what, unread);
      }
      item.row = std::move(row);
      if (options.ics) add_pages(item, place.pair());
      items.push_back(std::move(item));
    }
  }
}

bool more_urgent(const Item& a, const Item& b) {
  if (is_note(a) != is_note(b)) return is_note(b);
  const bool whole_a = !a.row.id.valid();
  const bool whole_b = !b.row.id.valid();
  if (whole_a != whole_b) return whole_a;
  const bool mapping_a = whole_a && a.kind == "mapping";  // after a side that is down: nothing moves before that
  const bool mapping_b = whole_b && b.kind == "mapping";
  if (mapping_a != mapping_b) return mapping_b;
  if (a.deadline.has_value() != b.deadline.has_value()) return a.deadline.has_value();
  if (a.deadline && *a.deadline != *b.deadline) return *a.deadline < *b.deadline;
  if (a.row.since != b.row.since) return a.row.since < b.row.since;
  return a.row.id < b.row.id;
}

constexpr std::size_t group_from = 3;
constexpr std::size_t named_in_a_group = 4;

std::string names_of(const std::vector<const Item*>& group) {
  std::vector<std::string> names;
  for (const Item* item : group) {
    if (names.size() < named_in_a_group) names.push_back(item->row.title + " " + short_id(item->row));
  }
  const std::size_t more = group.size() - names.size();
  if (more > 0) names.push_back("and " + std::to_string(more) + " more");
  return text::join(names, ", ");
}

// Failures of the same cause: the same words, numbers apart.
std::string cause_of(const Item& item) {
  if (item.row.state != store::DealState::failed) return "";
  std::string cause;
  for (const char c : item.row.message) {
    const bool digit = c >= '0' && c <= '9';
    if (!digit) cause += c;
    if (digit && (cause.empty() || cause.back() != '#')) cause += '#';
  }
  return cause;
}

std::map<std::string, std::vector<const Item*>> causes(const std::vector<Item>& items) {
  std::map<std::string, std::vector<const Item*>> out;
  for (const Item& item : items) {
    if (const std::string cause = cause_of(item); !cause.empty()) out[cause].push_back(&item);
  }
  return out;
}

void print_group(Output& out, const std::vector<const Item*>& group) {
  const DealRow& first = group.front()->row;
  out.line(out.styled(text::count_of(group.size(), "deal") + " failed for the same cause", Style::strong) + "  " +
           out.styled(first.reason, Style::faint));
  out.line("  " + out.styled(group.front()->what, Style::bad));
  out.line("  " + names_of(group));
  out.line("  → Remove the cause, then: cosell replay --kind " + first.reason + " (look first: cosell replay --kind " +
           first.reason + " --dry-run; each deal: cosell todo --each)");
}

void print_notes(Output& out, const std::vector<const Item*>& notes) {
  if (notes.empty()) return;
  out.line(out.styled(text::count_of(notes.size(), "deal") + " with a note; nothing is kept back", Style::strong));
  out.line("  " + names_of(notes));
  out.line("  → Each with its note: cosell todo --kind warning");
}

// "  for 12 days": what is new is told from what lies there. Nothing of what came within a day.
std::string waits_since(Instant since, Instant now) {
  const std::int64_t whole_days = (now - since).ms / days(1).ms;
  if (since == Instant{} || whole_days < 1) return "";
  return "  for " + text::count_of(static_cast<std::size_t>(whole_days), "day");
}

// What many share is one entry, unless every one was asked for.
void print_for_people(Output& out, const std::vector<Item>& items, bool several_pairs, const TodoOptions& options,
                      Instant now) {
  const bool each = options.each;
  const auto grouped_by = each ? std::map<std::string, std::vector<const Item*>>{} : causes(items);
  std::vector<const Item*> notes;
  for (const Item& item : items) {
    if (!each && options.kind.empty() && is_note(item)) notes.push_back(&item);
  }
  if (notes.size() < group_from) notes.clear();
  for (const Item& item : items) {
    if (!notes.empty() && is_note(item)) continue;
    const auto group = grouped_by.find(cause_of(item));
    if (group != grouped_by.end() && group->second.size() >= group_from) {
      if (group->second.front() == &item) print_group(out, group->second);
      continue;
    }
    std::string head = out.styled(item.row.title, Style::strong);
    if (item.row.id.valid()) head += "  " + out.styled(short_id(item.row), Style::faint);
    if (!item.row.owner.empty()) head += "  " + item.row.owner;
    head += waits_since(item.row.since, now);
    if (several_pairs) head += "  [" + item.pair + "]";
    if (item.deadline) head += "  " + out.styled("until " + to_string_minutes(*item.deadline) + " UTC", Style::warning);
    out.line(head);
    if (!item.due.empty()) out.line("  To do until then: " + item.due + ".");
    const bool bad = item.row.state == store::DealState::failed || !item.row.id.valid();
    out.line("  " + out.styled(item.what, bad ? Style::bad : Style::plain));
    if (!item.next_step.empty()) out.line("  → " + item.next_step);
  }
  print_notes(out, notes);
  out.line();
  out.line(text::count_of(items.size(), "entry", "entries") + ".");
}

// Whoever reads it in a calendar has the two systems at hand, not this command line: their pages come with it.
void print_calendar(Session& session, const std::vector<Item>& items) {
  std::vector<CalendarEntry> entries;
  for (const Item& i : items) {
    std::vector<std::string> lines = {i.what};
    if (!text::starts_with(i.next_step, look_command)) lines.push_back(i.next_step);
    lines.insert(lines.end(), i.pages.begin(), i.pages.end());
    if (!i.row.owner.empty()) lines.push_back("Owner: " + i.row.owner);
    entries.push_back({i.row.partner_center.record_id + "@cosell-bridge", *i.deadline, i.row.title + ": " + i.due,
                       text::join(lines, "\n"), i.page});
  }
  std::string file = calendar_file(entries, session.clock().now());
  file.erase(file.size() - 1);  // the answer brings its own line end
  session.output.answer(file);
}

void print_csv(Output& out, const std::vector<Item>& items) {
  Table table(
      {"pair", "deal", "crm id", "referral id", "owner", "kind", "what", "next step", "since", "until", "owner email"});
  for (const Item& i : items) {
    table.row({i.pair, i.row.title, i.row.crm.record_id, i.row.partner_center.record_id, i.row.owner, i.kind, i.what,
               i.next_step, to_string_seconds(i.row.since), i.deadline ? to_string_seconds(*i.deadline) : "",
               i.row.owner_email});
  }
  table.print_csv(out);
}

void print_json(Output& out, const std::vector<Item>& items, const LookedAt& looked) {
  json::Value list = json::Value::array();
  for (const Item& i : items) {
    Object o;
    o.text("pair", i.pair).text("deal", i.row.title).text("crm_id", i.row.crm.record_id);
    o.text("referral_id", i.row.partner_center.record_id).text("owner", i.row.owner).text("kind", i.kind);
    if (!i.row.owner_email.empty()) o.text("owner_email", i.row.owner_email);
    o.text("what", i.what).text("next_step", i.next_step).text("since", to_string_seconds(i.row.since));
    if (!i.row.reason.empty()) o.text("reason", i.row.reason);
    if (i.row.id.valid()) o.text("waits_for", store::name_of(i.row.waits_for));
    if (i.deadline) o.text("until", to_string_seconds(*i.deadline));
    list.append(o.done());
  }
  json::Value groups = json::Value::array();
  for (const auto& [cause, group] : causes(items)) {
    groups.append(Object()
                      .text("message", group.front()->row.message)
                      .text("reason", group.front()->row.reason)
                      .number("deals", static_cast<std::int64_t>(group.size()))
                      .done());
  }
  out.json(looked.with_failures(Object().value("todo", std::move(list)).value("causes", std::move(groups)).done()));
}

// A slip in a name must not look like a day without work.
void tell_unknown_owner(Session& session, const TodoOptions& options) {
  std::set<std::string> owners;
  bool known = false;
  look_at_stores(session, options.pair, [&](Workplace& place) -> Result<void> {
    store::DealFilter filter;
    while (!known) {
      auto rows = place.store().deals(filter);
      if (!rows) return rows.error();
      if (rows->empty()) return {};
      filter.after = rows->back().id;
      for (const DealRow& row : *rows) {
        known = known || is_owner(row, options.owner);
        if (!row.owner.empty()) owners.insert(row.owner);
      }
    }
    return {};
  });
  if (known) return;
  const std::string near = text::nearest(options.owner, {owners.begin(), owners.end()});
  session.output.note("No deal that is known has this owner" +
                      (near.empty() ? std::string(".") : "; did you mean \"" + near + "\"?"));
}

}  // namespace

int todo_command(Session& session, const TodoOptions& asked) {
  TodoOptions options = asked;
  if (options.ics && !options.kind.empty() && options.kind != "deadline") {
    return failed(session, nullptr, make_error(ErrorClass::config, "--ics is for deadlines: leave out --kind.")).code;
  }
  if (options.ics && (session.output.options().json || session.output.options().csv)) {
    return failed(session, nullptr,
                  make_error(ErrorClass::config, "--ics is a calendar: leave out --json and --csv, or it."))
        .code;
  }
  if (options.ics) options.kind = "deadline";
  if (const auto wrong = cannot_choose(session, options.pair, ChosenBy::entry_kind, options.kind)) {
    return failed(session, nullptr, *wrong).code;
  }
  std::vector<Item> items;
  if (!options.pair.empty() && session.config.find(options.pair) == nullptr) {
    return for_each_pair(session, options.pair, [](const PairConfig&) { return PairAnswer{}; });
  }
  const LookedAt looked = look_at_stores(session, options.pair, [&](Workplace& place) -> Result<void> {
    const bool of_everybody = options.owner.empty();
    const bool mapping_too = options.kind.empty() || options.kind == "mapping";
    Result<void> done = of_everybody ? add_incidents(items, place, options.kind) : Result<void>();
    if (done && of_everybody) done = add_guard(items, place, options.kind);
    if (done && of_everybody && mapping_too) done = add_drift(items, place);
    return done ? add_deals(items, place, options) : done;
  });
  const bool several_pairs = options.pair.empty() && session.config.pairs.size() > 1;
  std::stable_sort(items.begin(), items.end(), more_urgent);
  if (options.ics) {
    print_calendar(session, items);
  } else if (session.output.options().json) {
    print_json(session.output, items, looked);
  } else if (session.output.options().csv) {
    print_csv(session.output, items);
  } else if (!items.empty()) {
    print_for_people(session.output, items, several_pairs, options, session.clock().now());
  } else if (looked.code == exit_done && looked.any) {
    session.output.line(options.owner.empty() ? "Nothing waits for a person."
                                              : "Nothing of " + options.owner + " waits for a person.");
    if (!options.owner.empty()) tell_unknown_owner(session, options);
  }
  return looked.code;
}

}  // namespace cosell::cli
