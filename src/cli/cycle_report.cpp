// Telling about a cycle.
#include "cli/cycle_report.h"

#include "base/text.h"
#include "cli/exit.h"
#include "cli/wording.h"

namespace cosell::cli {

namespace {

using store::DealState;
using store::Side;

constexpr std::size_t failures_shown = 10;
constexpr std::size_t warnings_shown = 10;

std::string took_text(Duration took) {
  if (took.ms < 10'000) return std::to_string(took.ms / 1000) + "." + std::to_string(took.ms % 1000 / 100) + " s";
  if (took.ms < 120'000) return std::to_string(took.ms / 1000) + " s";
  return std::to_string(took.ms / 60'000) + " min " + std::to_string(took.ms % 60'000 / 1000) + " s";
}

std::int64_t count_of(const engine::CycleReport& report, const std::function<bool(const store::StateCount&)>& which) {
  std::int64_t n = 0;
  for (const auto& s : report.states) n += which(s) ? s.deals : 0;
  return n;
}

void print_waiting(Session& session, const engine::CycleReport& report) {
  std::map<std::string, std::int64_t> by_whom;
  bool for_a_person = false;
  for (const auto& s : report.states) {
    if (s.state != DealState::waiting) continue;
    by_whom[waits_for_text(s.waits_for)] += s.deals;
    for_a_person = for_a_person || is_a_person(s.waits_for);
  }
  const auto failed_deals = count_of(report, [](const auto& s) { return s.state == DealState::failed; });
  std::vector<std::string> parts;
  for (const auto& [who, deals] : by_whom) parts.push_back(grouped(deals) + " for " + who);
  const char* list = for_a_person ? "cosell todo" : "cosell deals list --state waiting";
  if (!parts.empty()) session.output.line("Waiting: " + text::join(parts, ", ") + "  (" + list + ")");
  if (failed_deals > 0) {
    session.output.line(
        session.output.styled("Failed: " + grouped(failed_deals) + "  (cosell todo --kind failed)", Style::bad));
  }
}

bool is_about_a_side(const engine::CycleReport& report) {
  const ErrorClass kind = report.stopped->kind;
  return report.side_down && report.guard.empty() && kind != ErrorClass::config && kind != ErrorClass::cancelled;
}

std::string side_in_words(Workplace& place, Side side, const Error& error) {
  const std::string title = place.pair().title(side);
  std::string words = error.message;
  if (words.find(title) == std::string::npos) words = title + ": " + words;
  const bool says_what_to_do = words.find("cosell ") != std::string::npos;
  if (error.kind == ErrorClass::auth_expired && !says_what_to_do) {
    words += "\n  → Correct the login in the configuration or its secret, then: cosell check";
  }
  return words;
}

void print_failures(Session& session, const engine::CycleReport& report) {
  std::size_t shown = 0;
  for (const auto& f : report.failures) {
    if (++shown > failures_shown) break;
    session.output.error("Failed: " + f.title + ": " + f.message + (f.next_step.empty() ? "" : "\n  → " + f.next_step));
  }
  const auto more = report.failures_total - static_cast<std::int64_t>(std::min(shown, failures_shown));
  if (report.failures_total > 0 && more > 0) {
    session.output.error("… and " + grouped(more) + " more: cosell todo --kind failed");
  }
}

void print_stop(Session& session, Workplace& place, const engine::CycleReport& report) {
  const Error e = told_stop(place, report);
  std::string message = e.message;
  for (const auto& [side, error] : report.down) {
    const bool told = report.side_down == side || error.kind == ErrorClass::cancelled;
    if (!told) message += "\n" + side_in_words(place, side, error);
  }
  if (is_about_a_side(report)) {
    message +=
        report.stopped->kind == ErrorClass::schema_drift
            ? "\n  Nothing is lost; what is left follows with the first sync after that is put right: cosell check"
            : "\n  Nothing is lost; what is left follows with the next sync.";
  }
  if (!e.detail.empty() && message.find(e.detail) == std::string::npos) message += "\n  It said: " + e.detail;
  session.output.error(message);
}

}  // namespace

void print_warnings(Session& session, const engine::CycleReport& report) {
  const std::size_t shown = std::min(report.warnings.size(), warnings_shown);
  for (std::size_t i = 0; i < shown; ++i) {
    const auto& w = report.warnings[i];
    session.output.line(session.output.styled("Note: " + w.title + ": " + w.message, Style::warning));
    if (!w.next_step.empty()) session.output.line("  → " + w.next_step);
  }
  const auto more = report.warnings_total - static_cast<std::int64_t>(shown);
  if (more > 0) session.output.line("… and " + grouped(more) + " more: cosell todo --kind warning");
}

int exit_code_of(const engine::CycleReport& report) {
  if (report.stopped) return exit_code_of(report.stopped->kind);
  return report.failures_total > 0 ? exit_failures : exit_done;
}

int exit_code_of_sync(Workplace& place, const engine::CycleReport& report) {
  const int code = exit_code_of(report);
  return place.mapping_choice().refused.empty() ? code : worse(code, exit_failures);
}

Error told_stop(Workplace& place, const engine::CycleReport& report) {
  Error e = *report.stopped;
  // Wherever it was when it was asked to stop.
  if (e.kind == ErrorClass::cancelled) e.message = "Stopped as asked; nothing is lost.";
  if (is_about_a_side(report)) e.message = side_in_words(place, *report.side_down, e);
  return e;
}

std::string calls_line(const Workplace& place) {
  return "API calls: " + place.calls_text(Side::crm) + ", " + place.calls_text(Side::partner_center);
}

void print_sync(Session& session, Workplace& place, const engine::CycleReport& report, Duration took) {
  Output& out = session.output;
  std::vector<std::string> parts;
  for (const auto& [kind, count] : report.done) parts.push_back(write_text(place.pair(), kind, count));
  if (parts.empty()) {
    const auto open =
        count_of(report, [](const auto& s) { return s.state == DealState::waiting || s.state == DealState::failed; });
    out.line(report.stopped || open > 0 ? "Nothing was written." : "Nothing to do.");
  } else {
    out.line("Written: " + text::join(parts, ", "));
  }
  print_waiting(session, report);
  const auto in_sync = count_of(report, [](const auto& s) { return s.state == DealState::in_sync; });
  const auto skipped = count_of(report, [](const auto& s) { return s.state == DealState::skipped; });
  out.line("In sync: " + grouped(in_sync) + ", skipped: " + grouped(skipped));
  if (report.unanswered > 0) {
    out.line(text::count_of(static_cast<std::size_t>(report.unanswered), "write") +
             " without an answer; looked up before anything else is written to these deals.");
  }
  print_warnings(session, report);
  print_failures(session, report);
  if (report.stopped) print_stop(session, place, report);
  out.line(calls_line(place) + "; " + took_text(took));
}

json::Value json_of(Workplace& place, const engine::CycleReport& report) {
  json::Value failures = json::Value::array();
  for (const auto& f : report.failures) {
    failures.append(Object().text("deal", f.title).text("message", f.message).text("next_step", f.next_step).done());
  }
  Object o;
  o.value("planned", json_of(report.planned)).value("done", json_of(report.done));
  o.number("deals_with_writes", report.deals_with_writes);
  o.value("failures", std::move(failures)).number("failures_total", report.failures_total);
  json::Value warnings = json::Value::array();
  for (const auto& w : report.warnings) {
    warnings.append(Object().text("deal", w.title).text("message", w.message).text("next_step", w.next_step).done());
  }
  o.value("warnings", std::move(warnings)).number("warnings_total", report.warnings_total);
  o.number("unanswered", report.unanswered);
  o.value("states", json_of(report.states));
  o.value("api_calls", Object()
                           .value("crm", json_of(place.calls(Side::crm)))
                           .value("partner_center", json_of(place.calls(Side::partner_center)))
                           .done());
  if (report.stopped) o.value("error", json_of(*report.stopped));
  if (report.side_down) o.text("side_down", store::name_of(*report.side_down));
  if (!report.guard.empty()) o.text("guard", report.guard);
  return o.done();
}

std::function<void(const engine::Progress&)> progress_of(Session& session) {
  return [&session, last = std::string()](const engine::Progress& p) mutable {
    std::string text = p.phase;
    if (p.total > 0) {
      text += ": " + grouped(p.done) + " of " + grouped(p.total);
    } else if (p.done > 0) {
      text += ": " + grouped(p.done);
    }
    session.output.progress(text);
    if (session.log && p.phase != last) session.log(p.phase);
    last = p.phase;
  };
}

}  // namespace cosell::cli
