// The order in which writes leave, the one renewal of the login, and the answers in the order of the writes.
#include "connectors/partner_center/write_stream.h"

#include <algorithm>
#include <utility>

namespace cosell::partner_center {
namespace {

// Does the response tell of one referral, or of the login, of the service or of the way there?
bool is_about_one_referral(const Result<http::Response>& response) {
  if (!response) return false;
  const int status = response->status;
  return is_success(status) || status == 400 || status == 404 || status == 409 || status == 410 || status == 412 ||
         status == 422;
}

// The next request would meet the same.
bool stops_the_rest(const Result<http::Response>& response) {
  return !response &&
         (response.error().kind == ErrorClass::throttled || response.error().kind == ErrorClass::transient);
}

net::RetryPolicy once() {
  net::RetryPolicy policy;
  policy.limits.attempts = 1;
  return policy;
}

}  // namespace

void Client::Stream::go() {
  // Begun before it is known whether anything may leave: each batch that there is gets its outcomes.
  while (!under_way_.empty() || begin_batch()) {
    const std::size_t sent_before = sent_;
    Lane lane(call_);
    net::send_each(
        lane.open(), [this] { return next_exchange(); }, client_.limit_for(call_),
        [&](std::size_t index, Result<http::Response> response) { take(sent_before + index, std::move(response)); });
    // All that left is answered now.
    renew_login();
    const bool over = sent_ == sent_before;  // nothing is left to send, or it may no longer leave
    hand_out(over ? Which::all : Which::complete);
    if (over && !ready_) return;
  }
}

const net::Exchange* Client::Stream::next_exchange() {
  if (stopped_ && !under_way_.empty()) {
    give_up(under_way_.back(), *stopped_);
    return nullptr;
  }
  if ((under_way_.empty() || under_way_.back().all_left()) && !begin_batch()) return nullptr;
  Batch& batch = under_way_.back();
  const Result<std::string> token = client_.tokens_->token();
  if (!token) {
    give_up(batch, token.error());
    return nullptr;
  }
  ++sent_;
  return &batch.exchanges.emplace_back(client_.exchange_for(call_, batch.requests[batch.begun++], *token));
}

void Client::Stream::give_up(Batch& batch, const Error& why) {
  while (!batch.all_left()) {
    batch.responses[batch.begun++] = why;
    ++batch.answered;
  }
  may_begin_ = false;
}

bool Client::Stream::begin_batch() {
  constexpr std::size_t under_way_max = 2;
  while (may_begin_ && under_way_.size() < under_way_max) {
    if (!ready_) ready_ = next_();
    if (!ready_ || (ready_->reads && !under_way_.empty())) return false;
    const std::vector<Write> writes = std::exchange(ready_, std::nullopt)->make(stopped_ ? &*stopped_ : nullptr);
    Batch& batch = under_way_.emplace_back();
    batch.first = sent_;
    for (const Write& w : writes) {
      batch.requests.push_back({w.method, w.path, json::write(w.body), w.if_match, w.operation_id, ""});
      batch.responses.push_back(never_left());
    }
    batch.exchanges.reserve(batch.requests.size());
    if (!batch.requests.empty()) return true;
    hand_out(Which::complete);
  }
  return false;
}

void Client::Stream::take(std::size_t index, Result<http::Response> response) {
  Batch& batch = index >= under_way_.back().first ? under_way_.back() : under_way_.front();
  batch.renews = batch.renews || ended_login(response);
  if (!is_about_one_referral(response)) may_begin_ = false;
  if (stops_the_rest(response)) stopped_ = response.error();
  batch.responses[index - batch.first] = std::move(response);
  ++batch.answered;
  hand_out(Which::complete);
}

void Client::Stream::renew_login() {
  bool renewed = false;
  for (Batch& batch : under_way_) {
    if (!batch.renews) continue;
    if (!std::exchange(renewed, true)) client_.tokens_->invalidate();
    client_.send_refused_again(call_, batch.requests, once(), net::Safety::once, batch.responses);
    batch.renews = false;
  }
}

void Client::Stream::hand_out(Which which) {
  while (!under_way_.empty() && (which == Which::all || under_way_.front().complete())) {
    const Batch batch = std::move(under_way_.front());
    under_way_.pop_front();
    answered_(answers_to(batch));
  }
  if (!under_way_.empty()) return;
  may_begin_ = true;
  if (!ready_) stopped_.reset();  // a batch that waits behind is told of it, too
}

std::vector<Result<Answer>> Client::Stream::answers_to(const Batch& batch) {
  std::vector<Result<Answer>> answers;
  for (std::size_t i = 0; i < batch.responses.size(); ++i) {
    if (batch.responses[i]) {
      answers.push_back(understand(*batch.responses[i], batch.requests[i].asked()));
      continue;
    }
    Error e = batch.responses[i].error();
    // An answer that could not be taken in proves nothing about the write.
    if (e.kind == ErrorClass::bad_response) e.kind = ErrorClass::unknown;
    answers.emplace_back(std::move(e));
  }
  return answers;
}

}  // namespace cosell::partner_center
