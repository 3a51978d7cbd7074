// `cosell resolve`: a person chooses where both sides changed, or where the bridge may not go on by itself; and
// `cosell inbox`, what was handed to a running service and what it answered.
#include "cli/resolve_command.h"

#include <algorithm>
#include <functional>

#include "base/text.h"
#include "cli/choices.h"
#include "cli/chosen_deals.h"
#include "cli/commands.h"
#include "cli/exit.h"
#include "cli/find_deal.h"
#include "cli/hand_over.h"
#include "cli/inbox.h"
#include "cli/wording.h"
#include "engine/marks.h"

namespace cosell::cli {

namespace {

using store::DealRow;
using store::Side;

constexpr int inbox_entries_shown = 20;

std::string plain_name(const std::string& name) {
  return text::replace_all(text::replace_all(text::lower_ascii(name), "_", ""), "-", "");
}

bool chosen_by(const DealRow& row, const ResolveOptions& options) {
  const std::string kind = options.kind.empty() ? "conflict" : options.kind;
  const auto reasons = engine::reasons_of(row);
  const bool waits = row.state == store::DealState::waiting || row.state == store::DealState::failed;
  return waits && std::any_of(reasons.begin(), reasons.end(), [&](const std::string& reason) {
           return engine::can_be_chosen(reason) && is_reason_of_kind(reason, kind);
         });
}

Result<bool> has_open_field(Workplace& place, const DealRow& row, const engine::Choice& choice) {
  if (!choice.field) return true;
  auto open = engine::open_choices(place.pair(), row);
  if (!open) return open.error();
  return std::any_of(open->begin(), open->end(),
                     [&](const engine::OpenChoice& one) { return one.field == *choice.field; });
}

// What the person chooses between: the service leaves a deal alone where that has changed when its turn comes. Deals of
// which nothing can be chosen are told of, and left out of `rows`.
json::Value choices_seen(Workplace& place, std::vector<DealRow>& rows, const engine::Choice& choice,
                         const std::function<void(const Error&)>& refuse) {
  json::Value seen = json::Value::object();
  std::erase_if(rows, [&](const DealRow& row) {
    const auto open = engine::what_is_open(place.pair(), row, choice);
    if (!open) {
      refuse(open.error());
      return true;
    }
    seen.set(std::to_string(row.id.value), json::Value::string(*open));
    return false;
  });
  return seen;
}

// Of deals that were not named, only those whose field waits are meant.
Result<void> keep_meant(Workplace& place, std::vector<DealRow>& rows, const engine::Choice& choice) {
  std::vector<DealRow> meant;
  for (DealRow& row : rows) {
    auto open = has_open_field(place, row, choice);
    if (!open) return open.error();
    if (*open) meant.push_back(std::move(row));
  }
  rows = std::move(meant);
  return {};
}

PairAnswer resolve_pair(Session& session, const PairConfig& config, const ResolveOptions& options) {
  auto made = Workplace::make(session, config, Workplace::Login::not_needed);
  if (!made) return failed(session, &config, made.error());
  Workplace& place = **made;
  auto choice = choice_of(options.take, options.field, place.pair());
  if (!choice) return failed(session, &config, choice.error());
  choice->only = options.kind;
  Result<bool> own = true;
  if (options.dry_run) {
    if (auto opened = place.open_store(StoreMode::shared, false); !opened)
      return failed(session, &config, opened.error());
  } else {
    own = open_or_share(place);
  }
  if (!own) return failed(session, &config, own.error());
  auto rows = options.deals.empty()
                  ? all_deals(place.store(), [&](const DealRow& row) { return chosen_by(row, options); })
                  : named_deals(place.pair(), options.deals);
  if (!rows) return failed(session, &config, rows.error());
  if (options.deals.empty()) {
    if (auto kept = keep_meant(place, *rows, *choice); !kept) return failed(session, &config, kept.error());
  }
  PairAnswer answer;
  json::Value list = json::Value::array();
  if (rows->empty()) session.output.line("Nothing waits for such a choice.");
  if (!*own && !rows->empty()) {
    const auto refuse = [&](const Error& why) { answer.code = worse(answer.code, failed(session, &config, why).code); };
    json::Value seen = choices_seen(place, *rows, *choice, refuse);
    if (rows->empty()) return answer;
    auto arguments = arguments_for(*rows);
    arguments.text("take", options.take).text("field", options.field).text("kind", options.kind);
    arguments.value("seen", std::move(seen));
    PairAnswer handed = hand_over(session, place, "resolve", arguments.done(), rows->size());
    handed.code = worse(answer.code, handed.code);
    return handed;
  }
  std::size_t resolved_deals = 0;
  for (const DealRow& row : *rows) {
    auto resolved = engine::resolve(place.pair(), row.id, *choice, options.dry_run);
    if (!resolved) {
      answer.code = worse(answer.code, failed(session, &config, resolved.error()).code);
      continue;
    }
    ++resolved_deals;
    session.output.line(session.output.styled(resolved->title, Style::strong));
    for (const std::string& line : resolved->told) session.output.line("  " + line);
    list.append(json_of(*resolved));
  }
  if (resolved_deals > 0) {
    session.output.line(options.dry_run
                            ? "Nothing was chosen yet; without --dry-run it is."
                            : "It leaves with the next sync: cosell sync. The other values stay in the history.");
  }
  answer.json.set("deals", std::move(list));
  return answer;
}

int wrong_use(Session& session, const std::string& message) {
  return failed(session, nullptr, make_error(ErrorClass::config, message)).code;
}

// "sync --allow closings"
std::string command_of(const store::InboxItem& item) {
  const auto arguments = json::read(item.arguments);
  const json::Value* allow = arguments ? arguments->find("allow") : nullptr;
  if (allow == nullptr || allow->items().empty()) return item.command;
  std::vector<std::string> names;
  for (const json::Value& name : allow->items()) names.push_back(name.text());
  return item.command + " --allow " + text::join(names, " ");
}

std::string standing_of(const store::InboxItem& item) {
  if (item.done_at) return (item.answer.refused ? "refused at " : "done at ") + to_string_minutes(*item.done_at);
  return item.begun_at ? "begun at " + to_string_minutes(*item.begun_at) : "waits for the running cosell";
}

PairAnswer inbox_pair(Session& session, const PairConfig& config) {
  auto made = Workplace::make(session, config, Workplace::Login::not_needed);
  if (!made) return failed(session, &config, made.error());
  if (auto opened = (*made)->open_store(StoreMode::shared, false); !opened) {
    return failed(session, &config, opened.error());
  }
  auto items = (*made)->store().recent_inbox(inbox_entries_shown);
  if (!items) return failed(session, &config, items.error());
  if (items->empty()) session.output.line("Nothing was handed to a running cosell yet.");
  json::Value list = json::Value::array();
  for (const auto& item : *items) {
    session.output.line(to_string_minutes(item.at) + "  " + padded(command_of(item), 9) + " " + standing_of(item));
    if (!item.answer.text.empty()) {
      for (const std::string& line : text::split(item.answer.text, '\n')) session.output.line("  " + line);
    }
    Object o;
    o.number("entry", item.id).text("at", to_string_seconds(item.at)).text("command", command_of(item));
    if (item.begun_at) o.text("begun_at", to_string_seconds(*item.begun_at));
    if (item.done_at) {
      o.text("done_at", to_string_seconds(*item.done_at)).text("answer", item.answer.text);
      o.flag("refused", item.answer.refused).number("exit_code", item.answer.exit_code);
    }
    list.append(o.done());
  }
  PairAnswer answer;
  answer.json.set("inbox", std::move(list));
  return answer;
}

}  // namespace

Result<engine::Choice> choice_of(const std::string& take, const std::string& field, const engine::Pair& pair) {
  // A variable of the shell that is not set would otherwise empty the field on both sides.
  if (text::trim(take).empty()) {
    return make_error(ErrorClass::config,
                      "--take is empty: say crm, partner-center or the value. To empty a field, empty it on one side "
                      "and take that side.");
  }
  engine::Choice choice;
  const std::string name = plain_name(take);
  const auto is_side = [&](Side side, const char* word) {
    return name == word || name == plain_name(text::replace_all(pair.title(side), " ", ""));
  };
  choice.take = engine::Take::value;
  choice.value = take;
  if (is_side(Side::crm, "crm")) choice.take = engine::Take::crm;
  if (is_side(Side::partner_center, "partnercenter")) choice.take = engine::Take::partner_center;
  // A side with a slip in its name would be written as the value.
  const std::vector<std::string> sides = {"partner-center", pair.title(Side::crm), pair.title(Side::partner_center)};
  if (const std::string near = text::nearest(take, sides); choice.take == engine::Take::value && !near.empty()) {
    return make_error(ErrorClass::config, "--take \"" + take + "\" is no side; did you mean " +
                                              (near == sides[1] ? "crm" : "partner-center") + "?");
  }
  if (field.empty()) return choice;
  auto named = field_named(field);
  if (!named) return named.error();
  choice.field = *named;
  return choice;
}

int resolve_command(Session& session, const ResolveOptions& options) {
  const bool chosen = options.all || !options.kind.empty();
  if (options.deals.empty() && !chosen) {
    return wrong_use(session, "Name deals, or choose with --all or --kind. What waits: cosell todo --kind conflict");
  }
  if (!options.deals.empty() && chosen) return wrong_use(session, "Either name deals or choose with --all and --kind.");
  if (const auto wrong = cannot_choose(session, options.pair, ChosenBy::deal_kind, options.kind)) {
    return failed(session, nullptr, *wrong).code;
  }
  const auto pair = pair_that_knows(session, options.pair, options.deals.empty() ? "" : options.deals.front());
  return for_each_pair(session, pair, [&](const PairConfig& config) { return resolve_pair(session, config, options); });
}

int inbox_command(Session& session, const std::string& pair) {
  return for_each_pair(session, pair, [&](const PairConfig& config) { return inbox_pair(session, config); });
}

}  // namespace cosell::cli
