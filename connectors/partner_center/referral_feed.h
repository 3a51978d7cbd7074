// Reads referrals in lists: what changed since a position, the newest ones back to a time, and whose organisation this
// login belongs to. Each answer's next link gives its query only; where it points is never followed.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "connectors/partner_center/partner_center_client.h"
#include "connectors/partner_center/referral_cursor.h"
#include "connectors/partner_center/referral_wire.h"

namespace cosell::partner_center {

// One page of the list call. The rows point into `body`, so it moves but is not copied.
struct Rows {
  struct Row {
    RowHead head;
    const json::Value* referral = nullptr;
  };
  json::Value body;
  std::vector<Row> rows;
  std::string next_query;  // without '?'; empty on the last page
  // A time by the service's clock at which it had not looked the rows up yet; empty when it does not tell.
  std::optional<Instant> asked_at;
  // Which request they answer, for messages.
  std::string request;
  std::string request_id;

  Rows() = default;
  Rows(Rows&&) = default;
  Rows& operator=(Rows&&) = default;
  Rows(const Rows&) = delete;
  Rows& operator=(const Rows&) = delete;
};

// A list of referrals, and a single one. Errors are bad_response and name the request.
Result<Rows> read_rows(Answer answer);
Result<RowHead> read_single(const Answer& answer);

// Queries without '?': all referrals of one engagement; what changed at or after `from`, newest first.
std::string of_engagement(const std::string& id, bool quoted);
std::string changes_since(Instant from, bool quoted);

// The owner that the oldest referrals name.
struct Organization {
  std::string id;  // empty: there is no referral yet
  std::string name;
};

class Feed {
 public:
  Feed(Client& client, const PartnerCenterSettings& settings) : client_(client), settings_(settings) {}

  // `query` without '?', percent-encoded.
  Result<Rows> list(Call& call, const std::string& query);
  Result<Page> pull(Call& call, const PullRequest& request);
  // Referrals created at or after `from` that `wanted` picks, newest first.
  using Wanted = std::function<bool(const RowHead&)>;
  Result<std::vector<Observation>> created_since(Call& call, Instant from, const Wanted& wanted);
  // Of one engagement each, in the order asked for.
  std::vector<Result<Rows>> engagements(Call& call, const std::vector<std::string>& engagement_ids);

  // Asked once, then remembered. A configured id wins; the name may be empty then.
  Result<Organization> organization(Call& call);
  // Its id alone, without a request when a read has shown it.
  Result<std::string> owner(Call& call);
  Observation observe(const Rows::Row& row, Whose whose) const;

 private:
  struct LeftOff {
    Cursor cursor;
    Position position;
  };

  Result<Position> position_at(const Cursor& cursor);
  Result<Organization> ask_organization(Call& call);
  Result<void> settle_organization(Call& call, Position& position, const Rows& first_page);
  Result<bool> pull_page(Call& call, Position& position, std::size_t room, Page& page);
  Result<Rows> newest_changes(Call& call, std::optional<Instant> bound);
  void deliver(const Rows& rows, Position& position, std::size_t room, Page& page, bool& reached_end, bool& cut);
  std::vector<Result<Rows>> filter_by(Call& call, const std::vector<std::string>& ids, bool quoted);

  Client& client_;
  const PartnerCenterSettings& settings_;
  std::optional<Organization> organization_;
  std::string owner_;
  std::optional<LeftOff> left_off_;
  std::optional<bool> quoted_;  // which form of the engagement filter this service takes
  bool changes_filter_refused_ = false;
  int restarts_ = 0;  // of the listing under way, in this process
};

}  // namespace cosell::partner_center
