// States, deadlines and Microsoft's side of the emulated service. See life_cycle.h.
#include "connectors/partner_center/emulator/life_cycle.h"

#include "base/text.h"
#include "connectors/partner_center/emulator/checks.h"
#include "connectors/partner_center/emulator/vocabulary.h"

namespace cosell::emulator::partner_center {

namespace {

struct State {
  std::string status;
  std::string substatus;
  bool operator==(const State&) const = default;
  std::string shown() const { return status + "/" + substatus; }
};

State state_of(const Json& document) { return {text_at(document, "/status"), text_at(document, "/substatus")}; }

bool is_legal(const State& state) {
  if (state.status == "New") return state.substatus == "Pending" || state.substatus == "Received";
  if (state.status == "Active") return state.substatus == "Accepted";
  return state.status == "Closed" && is_one_of({"Won", "Lost", "Declined", "Expired", "Error"}, state.substatus);
}

bool may_go(const Call& call, const State& from, const State& to) {
  if (to == from) return true;
  if (to.status == "Closed" && to.substatus == "Error") {
    return from.status != "Closed" && call.settings.on("error_closing");
  }
  const bool decided = to.status == "Closed" && (to.substatus == "Won" || to.substatus == "Lost");
  if (from.status == "New") {
    if (decided) return call.settings.on("new_to_won");
    return to.status == "Active" || (to.status == "Closed" && to.substatus == "Declined");
  }
  return from.status == "Active" && decided;
}

Problem illegal(const State& from, const State& to) {
  const std::string target = from.status != to.status ? "/status" : "/substatus";
  return invalid(target, "A referral cannot go from " + from.shown() + " to " + to.shown() + ".", "invalidTransition");
}

// The newest half of Microsoft in an engagement, one that waits for an answer before all others.
const Referral* microsoft_half(const Model& model, const std::string& engagement_id) {
  const Referral* newest = nullptr;
  for (const Referral* referral : model.engagement(engagement_id)) {
    if (!referral->of_microsoft()) continue;
    if (newest == nullptr || newest->status != "New" || referral->status == "New") newest = referral;
  }
  return newest;
}

void close(Json& document, const std::string& substatus, const std::string& reason) {
  document["status"] = "Closed";
  document["substatus"] = substatus;
  if (!reason.empty()) document["statusReason"] = reason;
  document["closedDateTime"] = document["updatedDateTime"];
}

// Microsoft's half has changed: the partner's deal learns of it only as far as the switches say.
void half_changed(Call& call, const std::string& engagement_id, const std::string& msx_id) {
  const Referral* own = call.model.own_of(engagement_id);
  const bool bump = call.settings.on("microsoft_half_bumps_partner");
  if (own == nullptr || (msx_id.empty() && !bump)) return;
  Json document = document_of(*own);
  if (!msx_id.empty()) document["trackingInfo"]["microsoftMsxId"] = msx_id;
  if (bump) call.model.touch(document, call.now, call.random);
  call.model.put(document);
}

Json seller_from(Call& call, const Json& wish) {
  if (wish.is_object()) return wish;
  static const std::vector<std::pair<std::string, std::string>> kSellers = {
      {"Sasha", "Lind"}, {"Maria", "Ortega"}, {"Ken", "Adachi"}, {"Priya", "Nair"}};
  const auto& name = kSellers[call.random.below(kSellers.size())];
  std::string email = text::lower_ascii(name.first + "." + name.second) + "@microsoft.example";
  if (wish.is_string()) email = wish.get<std::string>();
  return Json{{"firstName", name.first}, {"lastName", name.second}, {"phoneNumber", "+14255550100"}, {"email", email}};
}

// Without a reason in the order, Microsoft gives one of its two known ones, and none below the least value.
std::string decline_reason(Call& call, const Json& half, const Json& order) {
  const Json& wish = value_at(order, "/reason");
  if (wish.is_string()) return wish.get<std::string>();
  const Json& value = value_at(half, "/details/dealValue");
  if (!value.is_number() || value.get<double>() < 25'000) return "";
  return call.random.below(2) == 0 ? "No corresponding Microsoft customer record could be found"
                                   : "No Microsoft seller directly manages this customer";
}

Check order_fits(const std::string& action, const Referral& half) {
  const bool answer = action == "accept" || action == "decline" || action == "expire";
  const char* needed = answer ? "New" : "Active";
  if (half.status == needed) return std::nullopt;
  return refused(
      409, "resourceModified",
      "Microsoft's half is " + half.status + "/" + half.substatus + "; \"" + action + "\" needs " + needed + ".");
}

Outcome<Json> act_on_half(Call& call, const Referral& half, const std::string& action, const Json& order) {
  Check unfit = order_fits(action, half);
  if (unfit) return tl::make_unexpected(*unfit);
  Json document = document_of(half);
  call.model.touch(document, call.now, call.random);
  std::string msx_id;
  if (action == "accept") {
    document["status"] = "Active";
    document["substatus"] = "Accepted";
    document["acceptedDateTime"] = document["updatedDateTime"];
    document["team"].push_back(seller_from(call, value_at(order, "/seller")));
    msx_id = "7-" + text::lower_ascii(random_text(call.random, 10));
    document["trackingInfo"]["microsoftMsxId"] = msx_id;
  } else if (action == "decline") {
    close(document, "Declined", decline_reason(call, document, order));
  } else if (action == "expire") {
    close(document, call.settings.text("expired_as"), "");
  } else {
    close(document, action == "won" ? "Won" : "Lost", text_at(order, "/reason"));
  }
  call.model.put(document);
  half_changed(call, half.engagement_id, msx_id);
  return document;
}

Outcome<Json> reopen(Call& call, const std::string& engagement_id) {
  const Referral* own = call.model.own_of(engagement_id);
  if (own == nullptr || own->status != "Closed") {
    return tl::make_unexpected(refused(409, "resourceModified", "Only a closed deal can be reopened."));
  }
  Json document = document_of(*own);
  call.model.touch(document, call.now, call.random);
  document["status"] = "Active";
  document["substatus"] = "Accepted";
  document["closedDateTime"] = nullptr;
  call.model.put(document);
  return document;
}

void expire(Call& call, const std::string& id) {
  const Referral* referral = call.model.find(id);
  if (referral == nullptr) return;
  const Instant deadline{referral->expires_ms};
  const bool half = referral->of_microsoft();
  const std::string engagement_id = referral->engagement_id;
  Json document = document_of(*referral);
  // It happened at the deadline, however much later the next request comes.
  call.model.touch(document, deadline, call.random);
  close(document, call.settings.text("expired_as"), "");
  call.model.put(document);
  if (half) half_changed(call, engagement_id, "");
}

const char* history_field(const std::string& status) {
  if (status == "ActionRequired") return "actionRequiredDateTime";
  if (status == "Passed") return "passedDateTime";
  if (status == "Failed") return "failedDateTime";
  if (status == "Approved") return "approvedDateTime";
  return status == "ReviewPending" ? "reviewPendingDateTime" : nullptr;
}

}  // namespace

Check check_transition(const Call& call, const Json& before, const Json& after) {
  const State from = state_of(before);
  const State to = state_of(after);
  if (!is_legal(to)) {
    return invalid("/substatus", "Status and substatus do not fit: " + to.shown() + ".", "invalidTransition");
  }
  if (!may_go(call, from, to)) return illegal(from, to);
  const bool given_up = to.substatus == "Declined" || to.substatus == "Lost" || to.substatus == "Error";
  if (to != from && given_up && call.settings.on("reason_required") && is_blank(value_at(after, "/statusReason"))) {
    return invalid("/statusReason", "Closing a deal as " + to.substatus + " needs a reason.", "missingValue");
  }
  return std::nullopt;
}

void stamp_transition(const Call& call, const Json& before, Json& after) {
  const State from = state_of(before);
  const State to = state_of(after);
  if (from == to) return;
  if (to.status == "Active") after["acceptedDateTime"] = after["updatedDateTime"];
  if (to.status == "Closed") after["closedDateTime"] = after["updatedDateTime"];
  if (to.substatus == "Won" && call.settings.on("won_sets_stage")) after["salesStage"] = "100";
}

std::string expiry_from(const Call& call) {
  return to_string_seconds(start_of(add_days(date_of(call.now), call.settings.number("expiry_days"))));
}

void expire_due(Call& call) {
  for (const std::string& id : call.model.due(call.now)) expire(call, id);
}

Outcome<Json> microsoft_acts(Call& call, const Json& order) {
  const std::string action = text_at(order, "/action");
  if (!is_one_of({"accept", "decline", "expire", "won", "lost", "reopen"}, action)) {
    return tl::make_unexpected(invalid("/action", "The action is one of accept, decline, expire, won, lost, reopen."));
  }
  std::string engagement_id = text_at(order, "/engagementId");
  if (engagement_id.empty()) {
    const Referral* named = call.model.find(text_at(order, "/referralId"));
    if (named != nullptr) engagement_id = named->engagement_id;
  }
  if (call.model.engagement(engagement_id).empty()) {
    return tl::make_unexpected(refused(404, "itemNotFound", "There is no such engagement or referral."));
  }
  if (action == "reopen") return reopen(call, engagement_id);
  const Referral* half = microsoft_half(call.model, engagement_id);
  if (half == nullptr) {
    return tl::make_unexpected(refused(404, "itemNotFound", "Microsoft was not asked in this engagement."));
  }
  return act_on_half(call, *half, action, order);
}

Outcome<Json> review_registration(Call& call, const Json& order) {
  const Referral* referral = call.model.find(text_at(order, "/id"));
  const std::string status = text_at(order, "/status");
  if (referral == nullptr) return tl::make_unexpected(refused(404, "itemNotFound", "There is no such referral."));
  if (!is_one_of(kRegistrationStatuses, status)) {
    return tl::make_unexpected(invalid("/status", "\"" + status + "\" is not a state of a registration."));
  }
  Json document = document_of(*referral);
  if (document["registrations"].empty()) {
    return tl::make_unexpected(refused(404, "itemNotFound", "This deal was not registered."));
  }
  if (call.settings.on("registration_review_bumps")) call.model.touch(document, call.now, call.random);
  Json& registration = document["registrations"][0];
  registration["status"] = status;
  registration["statusReason"] = value_at(order, "/reason");
  const char* history = history_field(status);
  if (history != nullptr) registration["statusHistory"][history] = to_string_seconds(call.now);
  document["registrationStatus"] = status;
  call.model.put(document);
  return document;
}

}  // namespace cosell::emulator::partner_center
