// Looking at the systems' own description.
#include "engine/environment.h"

#include <algorithm>
#include <string>
#include <utility>

#include "base/text.h"
#include "engine/drift.h"
#include "engine/labels.h"

namespace cosell::engine {

namespace {

constexpr const char* stages_asked_property = "stages.crm.asked";

// "organisation@host": an organisation keeps its id when its address changes, and a copy of it gets one of its own.
bool is_one_organisation(const std::string& one, const std::string& other) {
  const std::size_t at = one.find('@');
  return at != std::string::npos && at > 0 && other.compare(0, at + 1, one, 0, at + 1) == 0;
}

}  // namespace

Result<void> Environment::check(Side side) {
  if (!report_.may_look_at(side)) return {};
  const std::string name = std::string("environment.") + store::name_of(side);
  auto known = pair_.store->property(name);
  if (!known) return known.error();
  auto asked = pair_.store->property(name + ".asked");
  if (!asked) return asked.error();
  const auto last = parse_instant(*asked);
  if (!known->empty() && last && pair_.clock->now() - *last < days(1)) return {};
  Call call = pair_.call(side);
  auto described = pair_.connector(side).describe(call);
  if (!described) {
    report_.side_is_down(side, described.error());
    return {};
  }
  if (!is_the_same(side, *known, described->environment)) return {};
  return pair_.store->transaction([&]() -> Result<void> {
    if (auto done = pair_.store->set_property(name, described->environment); !done) return done;
    if (side == Side::crm) {
      if (auto done = note_drift(pair_, described->stages); !done) return done;
      if (auto done = note_labels(pair_, described->columns); !done) return done;
    }
    return pair_.store->set_property(name + ".asked", to_string(pair_.clock->now()));
  });
}

bool Environment::is_the_same(Side side, const std::string& known, const std::string& described) {
  // An account without a deal does not name its organisation yet: "host" becomes "host/organisation" later.
  const bool grown = text::starts_with(described, known + "/");
  if (known.empty() || known == described || grown || is_one_organisation(known, described)) return true;
  report_.side_is_down(side, make_error(ErrorClass::config,
                                        pair_.title(side) + " is another organisation than at the last sync (now " +
                                            described + ", before " + known + "). " +
                                            (report_.done.empty() ? "Nothing was written" : "Nothing more is written") +
                                            ". If that is meant, use another store file."));
  return false;
}

Result<void> Environment::position_died(Side side) {
  auto forgotten = pair_.store->transaction(
      [&] { return pair_.store->set_property(std::string("environment.") + store::name_of(side) + ".asked", ""); });
  return forgotten ? check(side) : forgotten;
}

Result<void> Environment::crm_is_read() {
  if (report_.stopped || options_.plan_only) return {};
  auto due = stages_look_due();
  if (!due) return due.error();
  if (!*due) return {};
  if (auto forgotten = pair_.store->transaction([&] { return forget_stages(); }); !forgotten) return forgotten;
  stages_ = reader_.run([this] {
    Call call = pair_.call(Side::crm);
    return pair_.crm->describe_stages(call);
  });
  return {};
}

Result<void> Environment::sides_are_read() { return stages_.valid() ? take(stages_.get()) : Result<void>{}; }

// Until they are told again. Inside a transaction.
Result<void> Environment::forget_stages() {
  auto described_at = pair_.store->property("environment.crm.asked");
  if (!described_at) return described_at.error();
  if (!described_at->empty()) described_at_ = std::move(*described_at);
  return pair_.store->set_property("environment.crm.asked", "");
}

Result<void> Environment::take(const Result<Descriptor>& described) {
  auto known = pair_.store->property("environment.crm");
  if (!known) return known.error();
  if (!described || !is_the_same(Side::crm, *known, described->environment)) return {};
  stages_are_new_ = true;
  return pair_.store->transaction([&]() -> Result<void> {
    if (auto done = note_drift(pair_, described->stages); !done) return done;
    if (auto done = pair_.store->set_property(stages_asked_property, to_string(pair_.clock->now())); !done) return done;
    // Labels were not asked for: the whole description still comes once a day.
    return pair_.store->set_property("environment.crm.asked", described_at_);
  });
}

Result<void> Environment::look_at_the_end() {
  auto states = pair_.store->count_deals();
  if (!states) return states.error();
  bool look = false;
  auto judged = pair_.store->transaction([&]() -> Result<void> {
    auto unreadable = more_is_unreadable(*pair_.store, *states);
    if (!unreadable) return unreadable.error();
    look = *unreadable && !stages_are_new_;
    return look ? forget_stages() : Result<void>{};
  });
  if (!judged || !look || report_.stopped || options_.plan_only) return judged;
  Call call = pair_.call(Side::crm);
  return take(pair_.crm->describe_stages(call));
}

// Deals changed, and the CRM's stages were last looked at more than an hour ago.
Result<bool> Environment::stages_look_due() {
  auto described_at = pair_.store->property("environment.crm.asked");
  if (!described_at) return described_at.error();
  auto asked_at = pair_.store->property(stages_asked_property);
  if (!asked_at) return asked_at.error();
  const auto described = parse_instant(*described_at);
  const auto last = std::max(described, parse_instant(*asked_at));
  return report_.observed[Side::crm].changed > 0 && described && pair_.clock->now() - *last >= hours(1);
}

}  // namespace cosell::engine
