// Batches of writes as one stream of requests, two batches at most under way. Each batch gets an answer for each of its
// writes, in their order; a write is never repeated except after a 401, which applied nothing. What a write means is
// not known here.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <vector>

#include "connectors/partner_center/partner_center_client.h"
#include "connectors/partner_center/request_lane.h"

namespace cosell::partner_center {

class Client::Stream {
 public:
  Stream(Client& client, Call& call, const NextWrites& next, const Answered& answered)
      : client_(client), call_(call), next_(next), answered_(answered) {}

  // Until no batch is ready, or nothing may leave any more.
  void go();

 private:
  enum class Which : std::uint8_t { complete, all };

  struct Batch {
    std::vector<Request> requests;
    std::vector<net::Exchange> exchanges;  // of those that left; they stay where they are
    Responses responses;
    std::size_t first = 0;  // number of its first request in the stream
    std::size_t begun = 0;
    std::size_t answered = 0;
    bool renews = false;  // a request was refused because the login had ended

    bool all_left() const { return begun == requests.size(); }
    bool complete() const { return answered == requests.size() && !renews; }
  };

  // The request that leaves next; nullptr when none may.
  const net::Exchange* next_exchange();
  // What has not left yet does not.
  void give_up(Batch& batch, const Error& why);
  bool begin_batch();
  void take(std::size_t index, Result<http::Response> response);
  void renew_login();
  void hand_out(Which which);
  static std::vector<Result<Answer>> answers_to(const Batch& batch);

  Client& client_;
  Call& call_;
  const NextWrites& next_;
  const Answered& answered_;
  std::deque<Batch> under_way_;
  std::optional<ReadyBatch> ready_;  // taken, and not begun while others are under way
  std::size_t sent_ = 0;
  bool may_begin_ = true;         // a further batch
  std::optional<Error> stopped_;  // why nothing more leaves of those under way
};

}  // namespace cosell::partner_center
