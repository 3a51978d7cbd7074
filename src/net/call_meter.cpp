// Counting of API calls and logins per side.
#include "net/call_meter.h"

#include <vector>

#include "base/text.h"

namespace cosell::net {

std::uint64_t Calls::total() const {
  std::uint64_t n = 0;
  for (const auto& [method, count] : by_method) n += count;
  return n;
}

std::string Calls::to_text() const {
  std::string out = text::count_of(total(), "API call");
  std::vector<std::string> parts;
  for (const auto& [method, count] : by_method) parts.push_back(method + " " + std::to_string(count));
  if (!parts.empty()) out += " (" + text::join(parts, ", ") + ")";
  if (logins > 0) out += ", " + text::count_of(logins, "login");
  return out;
}

void CallMeter::count(const std::string& side, const std::string& method, CallKind kind) {
  const std::lock_guard lock(mutex_);
  Calls& calls = sides_[side];
  if (kind == CallKind::login) {
    ++calls.logins;
  } else {
    ++calls.by_method[method];
  }
}

Calls CallMeter::of(const std::string& side) const {
  const std::lock_guard lock(mutex_);
  const auto it = sides_.find(side);
  return it == sides_.end() ? Calls() : it->second;
}

std::map<std::string, Calls> CallMeter::all() const {
  const std::lock_guard lock(mutex_);
  return sides_;
}

void CallMeter::tell_granted(const std::string& side, Granted granted) {
  const std::lock_guard lock(mutex_);
  granted_[side] = granted;
}

std::optional<Granted> CallMeter::granted(const std::string& side) const {
  const std::lock_guard lock(mutex_);
  const auto it = granted_.find(side);
  return it == granted_.end() ? std::nullopt : std::optional<Granted>(it->second);
}

void CallMeter::tell_in_flight(const std::string& side, InFlight in_flight) {
  const std::lock_guard lock(mutex_);
  InFlight& told = in_flight_[side];
  told.now = in_flight.now;
  told.slowed_down = told.slowed_down || in_flight.slowed_down;
}

std::optional<InFlight> CallMeter::in_flight(const std::string& side) const {
  const std::lock_guard lock(mutex_);
  const auto it = in_flight_.find(side);
  return it == in_flight_.end() ? std::nullopt : std::optional<InFlight>(it->second);
}

void CallMeter::tell_asked_to_wait(const std::string& side) {
  const std::lock_guard lock(mutex_);
  asked_to_wait_.insert(side);
}

bool CallMeter::asked_to_wait(const std::string& side) const {
  const std::lock_guard lock(mutex_);
  return asked_to_wait_.count(side) > 0;
}

void CallMeter::reset() {
  const std::lock_guard lock(mutex_);
  sides_.clear();
  granted_.clear();
  in_flight_.clear();
  asked_to_wait_.clear();
}

}  // namespace cosell::net
