// `cosell run`: cycles until stopped. One thread per pair, so that a slow side of one pair does not delay another.
#include <algorithm>
#include <atomic>
#include <mutex>
#include <thread>

#include "base/text.h"
#include "cli/commands.h"
#include "cli/exit.h"
#include "cli/inbox.h"
#include "cli/service_note.h"
#include "cli/wording.h"

namespace cosell::cli {

namespace {

constexpr Duration inbox_every = seconds(2);

// What the pairs of one service share.
struct Together {
  std::mutex mutex;                 // for the output
  std::atomic<std::size_t> able{};  // pairs whose store can be used; with none of them left the service ends
  std::string configuration;        // fingerprint of the file as it was looked at last
};

class Service {
 public:
  Service(Session& session, const PairConfig& config, const RunOptions& options, Duration every, Together& together)
      : session_(session), config_(config), options_(options), every_(every), together_(together) {
    ++together_.able;
  }

  Result<void> open() {
    auto place = Workplace::make(session_, config_, Workplace::Login::needed);
    if (!place) return place.error();
    if (auto apart = (*place)->keeps_apart(); !apart) return apart;
    // A store that this service had and that is gone is being put back by somebody: no empty one gets in the way.
    const auto opened = (*place)->open_store(StoreMode::exclusive, !had_store_);
    if (!opened) return opened.error().kind == ErrorClass::not_found ? gone(config_.store) : opened;
    if (!had_store_) {
      if (auto done = withdraw_asked_syncs(**place); !done) return done;
    }
    if (auto left = leave_service_note(**place, session_.config); !left) return left;
    had_store_ = true;
    place_ = std::move(*place);
    mapping_refused_ = place_->mapping_choice().refused;
    return {};
  }

  void loop() {
    bool first = true;
    while (!SystemClock::interrupted()) {
      const Instant begun = session_.clock().now();
      const auto done = cycle(first);
      if (!done) put_off(done.error());
      first = first && !done;
      while (true) {
        const auto due = wait_until(begun + every_);
        if (due && !*due) return;  // asked to stop, or nothing is left to do
        if (due) break;
        put_off(due.error());
      }
    }
  }

  int code() const { return code_; }

 private:
  void say(const std::string& text) {
    const std::lock_guard lock(together_.mutex);
    if (session_.output.options().json) return;
    session_.output.try_again();
    session_.output.line(to_string_minutes(session_.clock().now()) + " " + config_.name + ": " + text);
  }

  void say_error(const std::string& text) {
    const std::lock_guard lock(together_.mutex);
    session_.output.try_again();
    session_.output.error(to_string_minutes(session_.clock().now()) + " " + config_.name + ": " + text);
  }

  static Error gone(const std::string& store) {
    return make_error(ErrorClass::store_damaged,
                      store +
                          " is gone. Put it back from a backup; or, if it is lost, start the service anew: it makes "
                          "a new one, and the deals find each other anew.");
  }

  // The store is let go and opened anew for the next sync. A full disk, or another program that keeps it locked, passes
  // by itself. A store that is damaged or was taken away waits for a person, and ends the service unless another pair
  // goes on.
  void put_off(const Error& error) {
    place_.reset();
    const bool passes =
        error.kind != ErrorClass::store_damaged || error.rule == "disk_full" || error.rule == "disk_failed";
    if (passes) return tell_incident(error.message);
    if (able_) --together_.able;
    able_ = false;
    code_ = worse(code_, exit_code_of(error.kind));
    tell_incident(error.message);
  }

  // The same incident is told once.
  void tell_incident(const std::string& incident) {
    if (!incident.empty() && incident != incident_) {
      const bool ends = !able_ && together_.able == 0;
      say_error(incident + (ends ? "\n  No pair is left to sync: the service ends."
                                 : "\n  Tried again every " + to_string(every_) + "."));
    }
    incident_ = incident;
  }

  Result<void> open_anew() {
    const std::lock_guard lock(together_.mutex);  // it may have to note something about the mapping
    session_.output.try_again();
    return open();
  }

  void be_able_again() {
    if (able_) return;
    able_ = true;
    ++together_.able;
    code_ = exit_done;
  }

  Result<void> cycle(bool first) {
    if (!place_) {
      if (auto opened = open_anew(); !opened) return opened;
      be_able_again();
    }
    look_at_configuration();
    if (!first) {
      if (auto taken = take_mapping(); !taken) return taken;
    }
    if (login_refused_) take_logins();
    const auto asked = begin_asked_sync(*place_);
    if (!asked) return asked.error();
    if (auto apart = place_->keeps_apart(); !apart) {
      tell_incident(apart.error().message);
      if (auto done = answer_sync(*place_, *asked, refusal(apart.error())); !done) return done;
      return work_off_inbox(*place_, AskedSyncs::left, [this](const std::string& text) { say(text); });
    }
    if (auto renewed = place_->renew_allowances(); !renewed) return renewed;
    place_->pair().meter->reset();
    engine::CycleOptions options;
    options.command = "run";
    options.allow = asked->allow;
    if (first) options.allow.insert(options_.allow.begin(), options_.allow.end());
    auto report = engine::run_cycle(place_->pair(), options);
    if (!report) return report.error();
    tell(*report);
    login_refused_ = report->stopped && report->stopped->kind == ErrorClass::auth_expired;
    if (auto done = answer_sync(*place_, *asked, told_cycle(*place_, *report)); !done) return done;
    return work_off_inbox(*place_, AskedSyncs::left, [this](const std::string& text) { say(text); });
  }

  // An edit is told once, whichever pair's turn it is; it counts for none of them.
  void look_at_configuration() {
    const auto text = read_text_file(session_.config.file);
    const std::string now = text ? text::sha256_hex(*text) : "";
    {
      const std::lock_guard lock(together_.mutex);
      if (now == together_.configuration) return;
      together_.configuration = now;
    }
    if (now == session_.config.fingerprint) return;  // it is as it was again
    const std::vector<std::string> problems =
        text ? read_config(session_.config.file, *text).problems : std::vector<std::string>{text.error().message};
    const std::lock_guard lock(together_.mutex);
    session_.output.try_again();
    session_.output.error(to_string_minutes(session_.clock().now()) + " " + configuration_changed +
                          (problems.empty() ? "." : ", and cannot be used as it is now: " + problems.front()));
  }

  // A changed mapping file counts from the next cycle on; one that cannot be used leaves the one of before in use.
  Result<void> take_mapping() {
    const auto read = place_->reread_mapping();
    if (!read) return read.error();
    const MappingChoice& choice = place_->mapping_choice();
    if (*read == Workplace::MappingIs::replaced) {
      say("The mapping was changed; version " + short_version(place_->mapping().hash()) + " counts from now on.");
    }
    const bool mended = choice.refused.empty() && !mapping_refused_.empty();
    if (mended && *read != Workplace::MappingIs::replaced) say("The mapping file can be used again.");
    if (choice.refused != mapping_refused_ && !choice.refused.empty()) say_error(other_mapping_note(*place_));
    mapping_refused_ = choice.refused;
    return {};
  }

  // A key or a secret that was put in place of a refused one; while it cannot be used, the one of before is.
  void take_logins() {
    const auto taken = place_->renew_logins();
    const std::string unusable = taken ? "" : taken.error().message;
    if (!unusable.empty() && unusable != login_unusable_) say_error(unusable);
    login_unusable_ = unusable;
  }

  void tell(const engine::CycleReport& report) {
    if (session_.output.options().json) {
      json::Value line =
          Object().text("at", to_string_seconds(session_.clock().now())).text("pair", config_.name).done();
      const json::Value rest = json_of(*place_, report);
      for (const json::Member& m : rest.members()) line.set(m.key, m.value);
      const std::lock_guard lock(together_.mutex);
      session_.output.try_again();
      session_.output.answer(json::write(line));
    }
    const bool asked_to_stop = report.stopped && report.stopped->kind == ErrorClass::cancelled;
    const std::string incident = report.stopped && !asked_to_stop ? told_stop(*place_, report).message : "";
    if (!report.stopped && !incident_.empty()) say("All is well again.");
    if (!asked_to_stop) tell_incident(incident);
    for (const auto& f : report.failures) say_error("Failed: " + f.title + ": " + f.message);
    std::vector<std::string> parts;
    for (const auto& [kind, count] : report.done) parts.push_back(write_text(place_->pair(), kind, count));
    if (!parts.empty()) say(text::join(parts, ", ") + "; " + calls_line(*place_));
    if (parts.empty() && incident.empty() && session_.log)
      session_.log(config_.name + ": nothing to do; " + calls_line(*place_));
  }

  // False: asked to stop, or no pair has a store that can be used.
  Result<bool> wait_until(Instant next) {
    while (true) {
      if (together_.able == 0) return false;
      const Duration left = next - session_.clock().now();
      // More than ever had to be waited: the clock was set back.
      if (left.ms <= 0 || left > every_) return true;
      if (!session_.clock().sleep_for(std::min(left, inbox_every))) return false;
      if (!place_) continue;
      auto items = place_->store().open_inbox();
      if (!items) return items.error();
      if (items->empty()) continue;
      auto inbox = work_off_inbox(*place_, AskedSyncs::left, [this](const std::string& text) { say(text); });
      if (!inbox) return inbox.error();
      return true;  // what was approved, replayed or asked for leaves at once
    }
  }

  Session& session_;
  const PairConfig& config_;
  const RunOptions& options_;
  const Duration every_;
  Together& together_;
  bool able_ = true;  // its store can be used
  bool had_store_ = false;
  std::unique_ptr<Workplace> place_;
  std::string incident_;
  bool login_refused_ = false;   // in the last cycle
  std::string login_unusable_;   // why the key or secret that is in place now cannot be used; "" when it can
  std::string mapping_refused_;  // why the file as it is now cannot be used; "" when it can
  int code_ = exit_done;
};

// Another cosell has the store, as a command for a while or as a service for good.
bool is_held(const Error& e) { return e.kind == ErrorClass::store_busy && e.rule == "held"; }

// What is wrong with a store passes or is mended while the service runs, and is no matter of the other pairs.
bool is_of_the_store(const Error& e) {
  return e.kind == ErrorClass::store_damaged || e.kind == ErrorClass::store_busy || e.rule == "permission" ||
         e.rule == "no_handle";
}

}  // namespace

int run_command(Session& session, const RunOptions& options) {
  const auto every = parse_duration(options.every);
  if (!every || *every < seconds(1)) {
    return failed(session, nullptr,
                  make_error(ErrorClass::config,
                             "--every needs a duration such as 30s, 10m or 1h, not \"" + options.every + "\"."))
        .code;
  }
  if (!options.pair.empty() && session.config.find(options.pair) == nullptr) {
    return for_each_pair(session, options.pair, [](const PairConfig&) { return PairAnswer{}; });
  }
  Together together;
  together.configuration = session.config.fingerprint;
  std::vector<std::unique_ptr<Service>> services;
  std::vector<Error> held;
  for (const PairConfig& config : session.config.pairs) {
    if (!options.pair.empty() && config.name != options.pair) continue;
    services.push_back(std::make_unique<Service>(session, config, options, *every, together));
    const auto opened = services.back()->open();
    if (!opened && !is_of_the_store(opened.error())) return failed(session, &config, opened.error()).code;
    if (!opened && is_held(opened.error())) held.push_back(opened.error());
  }
  // Most likely the service runs already.
  if (!held.empty() && held.size() == services.size()) return failed(session, nullptr, held.front()).code;
  session.output.line("Syncing " + text::count_of(services.size(), "pair") + " every " + to_string(*every) +
                      "; stop with Ctrl-C.");
  std::vector<std::thread> threads;
  for (auto& service : services) threads.emplace_back([&service] { service->loop(); });
  for (std::thread& thread : threads) thread.join();
  int code = exit_done;
  for (const auto& service : services) code = worse(code, service->code());
  session.output.try_again();
  if (code == exit_done) session.output.line("Stopped as asked; nothing is lost.");
  return code;
}

}  // namespace cosell::cli
