// Batches handed from the thread that makes them ready to the one that sends them.
#include "engine/flier.h"

#include <algorithm>
#include <exception>
#include <utility>

namespace cosell::engine {

namespace {

bool is_about_one_record(const Outcome& outcome) {
  const auto* error = std::get_if<Error>(&outcome.what);
  if (error == nullptr) return true;
  switch (error->kind) {
    case ErrorClass::forbidden:
      return error->of_one_record;
    case ErrorClass::rejected:
    case ErrorClass::schema_drift:
    case ErrorClass::precondition:
    case ErrorClass::not_found:
      return true;
    default:
      return false;
  }
}

}  // namespace

bool are_about_their_records(const std::vector<Outcome>& outcomes) {
  return std::all_of(outcomes.begin(), outcomes.end(), is_about_one_record);
}

// The batches that left and are not answered yet.
class Flier::Leaving final : public Batches {
 public:
  explicit Leaving(Flier& flier) : flier_(flier) {}

  std::optional<std::span<const Operation>> next() override {
    auto taken = flier_.take();
    if (!taken) return std::nullopt;
    return under_way_.emplace_back(std::move(*taken)).operations;
  }

  void give(std::vector<Outcome> outcomes) override {
    if (!are_about_their_records(outcomes)) flier_.hold();
    under_way_.front().outcomes.set_value(std::move(outcomes));
    under_way_.pop_front();
  }

  void fail(const std::exception_ptr& why) {
    flier_.hold();
    for (Waiting& batch : under_way_) batch.outcomes.set_exception(why);
    under_way_.clear();
  }

 private:
  Flier& flier_;
  std::deque<Waiting> under_way_;
};

Flier::Flier(const Pair& pair, Side side) : pair_(pair), side_(side), thread_(pair.flies_in_background) {}

std::future<Flier::Flown> Flier::fly(std::vector<Operation> batch) {
  Waiting waiting{std::move(batch), {}};
  auto outcomes = waiting.outcomes.get_future();
  {
    const std::lock_guard lock(mutex_);
    waiting_.push_back(std::move(waiting));
    ++turns_;
  }
  // Does nothing when the batch leaves together with the one before it.
  auto sent = thread_.run([this] { send_waiting(); });
  if (pair_.flies_in_background) return outcomes;
  return std::async(std::launch::deferred, [sent = std::move(sent), outcomes = std::move(outcomes)]() mutable {
    sent.get();
    return outcomes.get();
  });
}

void Flier::send_waiting() {
  Leaving leaving(*this);
  try {
    Call call = pair_.call(side_);
    pair_.connector(side_).push_each(call, leaving);
  } catch (...) {
    leaving.fail(std::current_exception());
  }
  end_turn();
}

std::optional<Flier::Waiting> Flier::take() {
  const std::lock_guard lock(mutex_);
  if (held_ || waiting_.empty()) return std::nullopt;
  Waiting first = std::move(waiting_.front());
  waiting_.pop_front();
  return first;
}

// A batch that was not taken when it had its turn stays behind.
void Flier::end_turn() {
  const std::lock_guard lock(mutex_);
  --turns_;
  for (; waiting_.size() > turns_; waiting_.pop_front()) waiting_.front().outcomes.set_value(std::nullopt);
}

}  // namespace cosell::engine
