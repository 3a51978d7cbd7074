// Sending no more than was allowed. See allowance.h.
#include "net/allowance.h"

#include <algorithm>
#include <vector>

namespace cosell::net {
namespace {

// What was granted comes back little by little over 24 hours.
constexpr Duration kLookAgain = hours(1);
// So long may a request under way be left alone.
constexpr Duration kShortWait = seconds(1);

}  // namespace

void AllowanceTransport::allow(std::string who, std::optional<int> per_minute, std::optional<DayLeft> left) {
  const std::lock_guard lock(mutex_);
  who_ = std::move(who);
  apart_.reset();
  if (per_minute) apart_ = Duration{60'000 / std::max(1, *per_minute)};
  left_ = left;
}

void AllowanceTransport::keep_back(const CallMeter& meter, std::string side, int percent) {
  const std::lock_guard lock(mutex_);
  meter_ = &meter;
  side_ = std::move(side);
  reserve_percent_ = percent;
}

std::optional<Reply> AllowanceTransport::reserve_reached() const {
  if (meter_ == nullptr || reserve_percent_ <= 0) return std::nullopt;
  const auto granted = meter_->granted(side_);
  if (!granted || granted->limit <= 0) return std::nullopt;
  if (granted->limit - granted->used > reserve_of(granted->limit, reserve_percent_)) return std::nullopt;
  Error error =
      make_error(ErrorClass::throttled,
                 who_ + ": " + std::to_string(granted->used) + " of the " + std::to_string(granted->limit) +
                     " API calls that it grants in 24 hours are used, and the last " +
                     std::to_string(reserve_percent_) + " % are left to others (\"calls\", \"reserve_percent\")");
  error.not_before = clock_.now() + kLookAgain;
  return Reply{std::move(error), false};
}

std::optional<Reply> AllowanceTransport::refusal() {
  const std::lock_guard lock(mutex_);
  if (auto kept = reserve_reached()) return kept;
  if (!left_ || left_->calls-- > 0) return std::nullopt;
  left_->calls = 0;
  Error error = make_error(ErrorClass::throttled,
                           who_ + ": the API calls that the configuration allows in 24 hours (\"calls\") are used up");
  error.not_before = left_->more_at;
  return Reply{std::move(error), false};
}

bool AllowanceTransport::wait_for_turn() {
  Instant turn;
  {
    const std::lock_guard lock(mutex_);
    if (!apart_) return true;
    turn = std::max(next_turn_, clock_.now());
    next_turn_ = turn + *apart_;
  }
  const Duration left = turn - clock_.now();
  return left.ms <= 0 || clock_.sleep_for(left);
}

bool AllowanceTransport::has_long_to_wait() {
  const std::lock_guard lock(mutex_);
  return apart_ && next_turn_ - clock_.now() > kShortWait;
}

void AllowanceTransport::stream(const Next& next, const Done& done, const Limit& max_in_flight) {
  std::vector<std::size_t> sent;  // which of the caller's requests went on, by the number they have there
  std::size_t asked = 0;
  int under_way = 0;
  const auto allowed = [&]() -> std::optional<Exchange> {
    while (true) {
      auto exchange = next();
      if (!exchange) return std::nullopt;
      const std::size_t index = asked++;
      if (auto refused = exchange->counts ? refusal() : std::nullopt) {
        done(index, std::move(*refused));
        continue;
      }
      if (exchange->counts && !wait_for_turn()) {
        done(index, not_sent(ErrorClass::cancelled, "Stopped before the request was sent."));
        return std::nullopt;
      }
      sent.push_back(index);
      ++under_way;
      return exchange;
    }
  };
  const auto answered = [&](std::size_t nth, Reply reply) {
    --under_way;
    done(sent[nth], std::move(reply));
  };
  inner_.stream(allowed, answered,
                [&] { return has_long_to_wait() ? std::min(max_in_flight(), under_way) : max_in_flight(); });
}

}  // namespace cosell::net
