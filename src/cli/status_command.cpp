// `cosell status`: per pair, when it last went well, what waits for whom, what comes next, and what is wrong.
#include <algorithm>

#include "base/text.h"
#include "cli/commands.h"
#include "cli/exit.h"
#include "cli/login_end.h"
#include "cli/service_note.h"
#include "cli/wording.h"
#include "cli/workplace.h"
#include "store/file_lock.h"

namespace cosell::cli {

namespace {

using store::RunRow;
using store::Side;

std::string ago(Instant then, Instant now) {
  const std::int64_t s = std::max<std::int64_t>(0, (now - then).ms / 1000);
  const auto count = [](std::int64_t n, const char* of) {
    return text::count_of(static_cast<std::size_t>(n), of) + " ago";
  };
  if (s < 90) return "just now";
  if (s < 5400) return count(s / 60, "minute");
  if (s < 172'800) return count(s / 3600, "hour");
  return count(s / 86'400, "day");
}

struct Next {
  std::optional<Instant> date;  // of a deal that waits for one
  std::int64_t dated = 0;
  std::optional<Instant> answers;  // look-up of Microsoft's answers
  std::int64_t asked = 0;
};

void earlier(std::optional<Instant>& earliest, const std::optional<Instant>& at) {
  if (at && (!earliest || *at < *earliest)) earliest = at;
}

Result<Next> what_comes_next(store::Store& store, Instant now) {
  Next next;
  store::DealFilter filter;
  filter.state = store::DealState::waiting;
  while (true) {
    auto rows = store.deals(filter);
    if (!rows) return rows.error();
    if (rows->empty()) break;
    filter.after = rows->back().id;
    for (const auto& row : *rows) {
      if (row.look_again_at) ++next.dated;
      earlier(next.date, row.look_again_at);
    }
  }
  DealId after;
  while (true) {
    auto rows = store.deals_to_ask_microsoft(now + days(3650), after, 500);
    if (!rows) return rows.error();
    if (rows->empty()) return next;
    after = rows->back().id;
    for (const auto& row : *rows) {
      ++next.asked;
      earlier(next.answers, row.ask_microsoft_at);
    }
  }
}

Result<std::int64_t> unanswered_writes(store::Store& store) {
  std::int64_t n = 0;
  for (const auto state : {store::OperationState::sent, store::OperationState::unknown}) {
    store::OperationFilter filter;
    filter.state = state;
    filter.limit = 100'000;
    auto rows = store.operations(filter);
    if (!rows) return rows.error();
    n += static_cast<std::int64_t>(rows->size());
  }
  return n;
}

std::string deals_text(std::int64_t n) { return text::count_of(static_cast<std::size_t>(n), "deal"); }

class Status {
 public:
  Status(Session& session, Workplace& place) : session_(session), place_(place), now_(session.clock().now()) {}

  Result<json::Value> tell() {
    if (auto done = tell_runs(); !done) return done.error();
    if (auto done = tell_configuration(); !done) return done.error();
    if (auto done = tell_mapping(); !done) return done.error();
    if (auto done = tell_incidents(); !done) return done.error();
    if (auto done = tell_calls(); !done) return done.error();
    if (auto done = tell_limits(); !done) return done.error();
    tell_logins();
    auto states = place_.store().count_deals();
    if (!states) return states.error();
    session_.output.line("  Deals");
    print_states(session_.output, *states, "    ");
    json_.set("states", json_of(*states));
    if (auto done = tell_next(); !done) return done.error();
    auto unanswered = unanswered_writes(place_.store());
    if (!unanswered) return unanswered.error();
    json_.set("unanswered_writes", json::Value::integer(*unanswered));
    if (*unanswered > 0) {
      row("Unanswered",
          text::count_of(static_cast<std::size_t>(*unanswered), "write") +
              "; looked up at the next sync before anything else",
          Style::warning);
    }
    return json_;
  }

 private:
  void row(const std::string& what, const std::string& text, Style style = Style::plain) {
    session_.output.line("  " + padded(what, 14) + session_.output.styled(text, style));
  }

  // Of all deals: a replay and a sync of one deal say nothing of the others.
  Result<std::optional<RunRow>> last_sync() {
    constexpr int looked_at = 100;
    auto runs = place_.store().runs(looked_at);  // newest first
    if (!runs) return runs.error();
    const auto sync = std::find_if(runs->begin(), runs->end(), [](const RunRow& run) { return is_of_all_deals(run); });
    return sync == runs->end() ? std::optional<RunRow>() : std::optional<RunRow>(*sync);
  }

  Result<void> tell_runs() {
    auto good = place_.store().last_good_run();
    if (!good) return good.error();
    auto newest = last_sync();
    if (!newest) return newest.error();
    const auto holder = store::FileLock::holder(place_.config().store);
    row("In use by", holder.value_or("nobody"));
    json_.set("in_use", json::Value::boolean(holder.has_value()));
    if (holder) json_.set("in_use_by", json::Value::string(*holder));
    if (*good) {
      const Instant at = *(*good)->finished_at;
      row("Last success", to_string_minutes(at) + " UTC (" + ago(at, now_) + ")", Style::good);
      json_.set("last_success", json::Value::string(to_string_seconds(at)));
    } else {
      row("Last success", "never", Style::warning);
    }
    if (!*newest) return {};
    const RunRow& last = **newest;
    row("Last sync",
        to_string_minutes(last.started_at) + " UTC, " + outcome_text(last, holder.has_value()) +
            (last.note.empty() ? "" : ": " + last.note),
        last.outcome == "ok" ? Style::plain : Style::warning);
    Object o;
    o.text("started_at", to_string_seconds(last.started_at)).text("outcome", last.outcome).text("note", last.note);
    json_.set("last_run", o.done());
    return {};
  }

  // What is shown here goes by the file as it is now; a service that runs goes by the one that it read.
  Result<void> tell_configuration() {
    const auto changed = is_configuration_changed(place_);
    if (!changed) return changed.error();
    json_.set("configuration_changed", json::Value::boolean(*changed));
    if (*changed) row("Configuration", std::string(configuration_changed) + ".", Style::warning);
    if (auto apart = place_.keeps_apart(); !apart) row("Pairs", apart.error().message, Style::bad);
    return {};
  }

  // The version that ran last and since when, and what becomes of it: the file may have changed since, be unusable, or
  // stand back behind an earlier version to which a person returned.
  Result<void> tell_mapping() {
    auto uses = place_.store().mapping_uses(1);
    if (!uses) return uses.error();
    const MappingChoice& choice = place_.mapping_choice();
    const std::string chosen = place_.mapping().hash();
    const bool used = !uses->empty();
    const bool changes = used && uses->front().hash != chosen;
    std::string text = place_.config().mapping;
    Object o;
    o.text("file", text);
    if (used) {
      const auto& [hash, since, last] = uses->front();
      text += ", version " + short_version(hash) + ", in use since " + to_string_minutes(since) + " UTC";
      o.text("version", short_version(hash)).text("in_use_since", to_string_seconds(since));
    } else {
      text += ", not used yet";
    }
    o.flag("changed_since", changes);
    if (changes) {
      text += "; from the next sync on version " + short_version(chosen);
      o.text("next_version", short_version(chosen));
    }
    const bool as_usual = !changes && choice.from == MappingChoice::From::file;
    row("Mapping", text, as_usual ? Style::plain : Style::warning);
    if (choice.returned) {
      row("Returned",
          "at " + to_string_minutes(choice.returned->at) + " UTC to mapping version " +
              short_version(choice.returned->version) + "; the file counts again when it is edited",
          Style::warning);
      o.text("returned_to", short_version(choice.returned->version));
      o.text("returned_at", to_string_seconds(choice.returned->at));
    }
    tell_refused(choice, o);
    json_.set("mapping", o.done());
    return {};
  }

  void tell_refused(const MappingChoice& choice, Object& o) {
    if (choice.refused.empty()) return;
    json::Value list = json::Value::array();
    for (const std::string& line : text::split(choice.refused, '\n')) {
      row("Refused", line, Style::bad);
      list.append(json::Value::string(line));
    }
    row("", "The file cannot be used, so that version stays. Correct it, then: cosell mapping check");
    o.value("refused", std::move(list));
  }

  Result<void> tell_incidents() {
    json::Value incidents = json::Value::array();
    for (const Side side : {Side::crm, Side::partner_center}) {
      auto stored = place_.store().property(std::string("incident.") + store::name_of(side));
      if (!stored) return stored.error();
      if (stored->empty()) continue;
      const auto incident = json::read(*stored);
      if (!incident) continue;
      const auto since = parse_instant(incident->text_of("since"));
      row("Incident",
          incident->text_of("message") + (since ? " Since " + to_string_minutes(*since) + " UTC." : std::string()),
          Style::bad);
      incidents.append(Object()
                           .text("side", store::name_of(side))
                           .text("since", incident->text_of("since"))
                           .text("message", incident->text_of("message"))
                           .done());
    }
    json_.set("incidents", std::move(incidents));
    return tell_recovered();
  }

  // What was caught up after the last incident of a side, and what came too late; told for a week.
  Result<void> tell_recovered() {
    json::Value list = json::Value::array();
    for (const Side side : {Side::crm, Side::partner_center}) {
      auto stored = place_.store().property(std::string("recovered.") + store::name_of(side));
      if (!stored) return stored.error();
      const auto recovered = json::read(stored->empty() ? "{}" : *stored);
      const auto since = recovered ? parse_instant(recovered->text_of("since")) : std::nullopt;
      const auto until = recovered ? parse_instant(recovered->text_of("until")) : std::nullopt;
      if (!since || !until || now_ - *until > days(7)) continue;
      const json::Value* caught_up = recovered->find("caught_up");
      const auto count = caught_up == nullptr ? std::nullopt : caught_up->as_integer();
      row("Caught up", place_.pair().title(side) + " could not be used from " + to_string_minutes(*since) + " to " +
                           to_string_minutes(*until) + " UTC; " + deals_text(count.value_or(0)) + " caught up by then");
      const json::Value* lost = recovered->find("deadlines_lost");
      for (const json::Value& one : lost == nullptr ? std::vector<json::Value>{} : lost->items()) {
        row("Deadline lost", one.text_of("deal") + " expired at " + one.text_of("expired_at") + " unanswered",
            Style::bad);
      }
      list.append(*recovered);
    }
    json_.set("recovered", std::move(list));
    return {};
  }

  Result<void> tell_calls() {
    json::Value list = json::Value::object();
    std::vector<std::string> parts;
    bool used_up = false;
    for (const Side side : {Side::crm, Side::partner_center}) {
      auto used = place_.calls_of_a_day(side);
      if (!used) return used.error();
      std::string text = place_.pair().title(side) + " " + grouped(used->calls);
      Object o;
      o.number("used", used->calls);
      const auto allowed = place_.config().calls.find(side);
      if (allowed != place_.config().calls.end() && allowed->second.per_day) {
        text += " of " + grouped(*allowed->second.per_day);
        o.number("allowed", *allowed->second.per_day);
        const bool over = used->calls >= *allowed->second.per_day;
        if (over) text += " (more at " + to_string_minutes(used->oldest + days(1)) + " UTC)";
        used_up = used_up || over;
      }
      auto granted = place_.granted_calls(side);
      if (!granted) return granted.error();
      if (*granted) used_up = tell_granted(side, **granted, text, o) || used_up;
      parts.push_back(text);
      list.set(store::name_of(side), o.done());
    }
    row("API calls", "in 24 hours: " + text::join(parts, ", "), used_up ? Style::warning : Style::plain);
    json_.set("calls_24h", std::move(list));
    return {};
  }

  // How fast each side may be asked, and what it bore when it was asked last.
  Result<void> tell_limits() {
    json::Value list = json::Value::object();
    for (const Side side : {Side::crm, Side::partner_center}) {
      Object o;
      std::string text = place_.pair().title(side) + ": ";
      const auto allowed = place_.config().calls.find(side);
      if (allowed != place_.config().calls.end() && allowed->second.per_minute) {
        text += text::count_of(static_cast<std::size_t>(*allowed->second.per_minute), "call") + " a minute, ";
        o.number("per_minute", *allowed->second.per_minute);
      }
      const int at_once = place_.pair().call(side).max_in_flight;
      text += at_once == 1 ? "one request at a time"
                           : "up to " + text::count_of(static_cast<std::size_t>(at_once), "request") + " at once";
      o.number("in_flight", at_once);
      auto last = place_.in_flight_of_last_run(side);
      if (!last) return last.error();
      if (*last) {
        text += (*last)->slowed_down ? "; slowed down in the last sync, to " : "; the last sync ended with ";
        text += std::to_string((*last)->now);
        o.number("in_flight_last_sync", (*last)->now).flag("slowed_down_last_sync", (*last)->slowed_down);
      }
      const auto waited = place_.asked_to_wait_in_last_run(side);
      if (!waited) return waited.error();
      const bool slowed_down = *last && (*last)->slowed_down;
      if (*waited && !slowed_down) text += "; asked to wait in the last sync";
      o.flag("asked_to_wait_last_sync", *waited);
      row(side == Side::crm ? "Limits" : "", text, *waited || slowed_down ? Style::warning : Style::plain);
      list.set(store::name_of(side), o.done());
    }
    json_.set("limits", std::move(list));
    return {};
  }

  // What the system itself said of the calls of all its clients; true when only the reserve is left.
  bool tell_granted(Side side, const Workplace::GrantedCalls& granted, std::string& text, Object& o) const {
    const auto& [used, limit] = granted.calls;
    text += " (" + grouped(used) + " of the " + grouped(limit) + " granted to all its clients are used)";
    o.number("granted", limit).number("granted_used", used);
    const auto allowed = place_.config().calls.find(side);
    const int percent = allowed == place_.config().calls.end() ? net::Allowance::reserve_percent_usual
                                                               : allowed->second.reserve_percent;
    return limit > 0 && limit - used <= net::reserve_of(limit, percent);
  }

  // What is saved, as far as the key can be read; a look at the status must not fail over it.
  void tell_logins() {
    json::Value logins = json::Value::array();
    for (const Side side : {Side::crm, Side::partner_center}) {
      if (place_.tokens() == nullptr) break;
      auto stored = place_.tokens()->get(place_.config().name + "." + store::name_of(side));
      if (!stored || !*stored) continue;
      const auto& expires = (*stored)->expires;
      std::string text = "saved";
      if (expires) text = *expires > now_ ? "valid until " + to_string_minutes(*expires) + " UTC" : "renewed by itself";
      if (is_refused(side)) text = "refused; what to do: cosell todo --kind login";
      row("Login", place_.pair().title(side) + ": " + text);
      logins.append(Object().text("side", store::name_of(side)).text("state", text).done());
    }
    json_.set("logins", std::move(logins));
    tell_login_ends();
  }

  // The last sync could not log in: nothing renews that by itself.
  bool is_refused(Side side) {
    const auto stored = place_.store().property(std::string("incident.") + store::name_of(side));
    const auto incident = json::read(!stored || stored->empty() ? "{}" : *stored);
    return incident && incident->text_of("class") == name_of(ErrorClass::auth_expired);
  }

  // On the screen only when somebody has to act.
  void tell_login_ends() {
    json::Value list = json::Value::array();
    for (const Side side : {Side::crm, Side::partner_center}) {
      const auto ends = login_ends(place_, side);
      for (const LoginEnd& end : ends ? *ends : std::vector<LoginEnd>{}) {
        const Finding& f = end.finding;
        const bool over = f.level == Finding::Level::problem;
        list.append(Object()
                        .text("side", store::name_of(side))
                        .text("what", f.what)
                        .text("last_day", to_string(end.day))
                        .text("state", over                                 ? "over"
                                       : f.level == Finding::Level::warning ? "soon"
                                                                            : "good")
                        .done());
        if (f.level == Finding::Level::ok) continue;
        row("Login ends", place_.pair().title(side) + ": " + f.what + " " + f.text, over ? Style::bad : Style::warning);
        row("", f.remedy);
      }
    }
    json_.set("login_ends", std::move(list));
  }

  Result<void> tell_next() {
    auto next = what_comes_next(place_.store(), now_);
    if (!next) return next.error();
    if (next->date) {
      row("Next date", to_string_minutes(*next->date) + " UTC (" + deals_text(next->dated) + " with a date)");
      json_.set("next_date", json::Value::string(to_string_seconds(*next->date)));
    }
    if (next->answers) {
      row("Next look-up", to_string_minutes(*next->answers) + " UTC: Microsoft's answer to " + deals_text(next->asked));
      json_.set("next_answers", json::Value::string(to_string_seconds(*next->answers)));
    }
    return {};
  }

  Session& session_;
  Workplace& place_;
  const Instant now_;
  json::Value json_ = json::Value::object();
};

PairAnswer status_pair(Session& session, const PairConfig& config) {
  auto made =
      Workplace::make(session, config, Workplace::Login::not_needed, Workplace::MappingUsed::own_told_by_command);
  if (!made) return failed(session, &config, made.error());
  Workplace& place = **made;
  session.output.line(session.output.styled(config.name, Style::strong) + ": " + place.pair().title(Side::crm) +
                      " and " + place.pair().title(Side::partner_center));
  auto opened = place.open_store(StoreMode::shared, false);
  if (!opened && opened.error().kind == ErrorClass::not_found) {
    session.output.line("  Never synced. Begin with: cosell check, then cosell plan");
    PairAnswer answer;
    answer.json.set("never_synced", json::Value::boolean(true));
    return answer;
  }
  if (!opened) return failed(session, &config, opened.error());
  place.open_tokens_if_readable();
  auto told = Status(session, place).tell();
  if (!told) return failed(session, &config, told.error());
  PairAnswer answer;
  answer.json = std::move(*told);
  return answer;
}

}  // namespace

int status_command(Session& session, const std::string& pair) {
  return for_each_pair(
      session, pair, [&](const PairConfig& config) { return status_pair(session, config); },
      PairName::shown_by_command);
}

}  // namespace cosell::cli
