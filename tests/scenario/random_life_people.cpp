// What people do: sellers, Microsoft, partners in the portal, administrators.
#include "engine/approve.h"
#include "engine/decide.h"
#include "engine/link.h"
#include "engine/replay.h"
#include "engine/resolve.h"
#include "engine/restart.h"
#include "tests/scenario/random_life.h"

namespace cosell::test {

void Life::begin_in_crm() {
  if (crm_refuses_) return;
  Json words = usual_opportunity("Deal " + std::to_string(++named_));
  words["contact"] = contact_;
  words["value"] = new_value();
  if (chance(30)) words["visible"] = true;
  if (chance(20)) words.update({{"help", "GeneralOrOther"}, {"help_notes", "A demo"}});
  const std::string id = world_.new_opportunity(words);
  last_value_[id] = value_;
  opportunities_.push_back(id);
  tell("new opportunity " + id + " " + words.dump());
}

void Life::begin_in_partner_center() { world_.inbound({{"name", "Sent " + std::to_string(++named_)}}); }

void Life::seller_edits() {
  auto there = world_.opportunities();
  std::erase_if(
      there, [this](const Json& o) { return std::find(deleted_.begin(), deleted_.end(), o["id"]) != deleted_.end(); });
  if (there.empty() || crm_refuses_) return;
  const Json& one = there[below(there.size())];
  const bool closed = one["stage"] == "won" || one["stage"] == "lost";
  Json words;
  switch (below(7)) {
    case 0:
      words = {{"stage", chance(50) ? "40" : "80"}};
      break;
    case 1:
      words = {{"notes", "Note " + std::to_string(below(1000))}};
      break;
    case 2:
      words = {{"stage", "won"}};
      break;
    case 3:
      words = {{"stage", "lost"}, {"loss_reason", "Budget"}};
      break;
    case 4:
      words = {{"close_date", "2027-0" + std::to_string(1 + below(9)) + "-15"}};
      break;
    default:
      words = {{"value", new_value()}};
      last_value_[one["id"]] = value_;
  }
  if (chance(60) && words.contains("stage") && words["stage"] != "40") return;  // most deals stay open
  if (closed && words.contains("stage") && words["stage"] != "40") return;      // it can only be opened again
  world_.crm_edit(one["id"], words);
  tell("seller edits " + one["id"].get<std::string>() + " " + one["name"].get<std::string>() + " " + words.dump());
}

void Life::portal_edits() {
  std::vector<Json> open;
  for (auto& r : own_referrals()) {
    if (r["status"] == "Active") open.push_back(r);
  }
  if (open.empty()) return;
  const Json& one = open[below(open.size())];
  world_.portal_edit(one["id"], {{{"op", "replace"}, {"path", "/details/dealValue"}, {"value", new_value()}}});
  tell("portal edits " + one["id"].get<std::string>() + " " + std::to_string(value_));
  last_value_[one["id"]] = value_;
}

void Life::microsoft_answers() {
  std::set<std::string> asked;
  const Json records = world_.control(Side::partner_center, "GET", "records");
  for (const auto& half : records["invited"]) {
    if (half["status"] == "New") asked.insert(half["engagementId"]);
  }
  for (const auto& own : own_referrals()) {
    if (asked.count(own["engagementId"]) == 0 || own["status"] == "Closed" || chance(50)) continue;
    Json answer = {{"referralId", own["id"]}, {"action", "accept"}};
    if (chance(30)) {
      answer["action"] = "decline";
      answer["reason"] = "No Microsoft seller directly manages this customer";
    }
    return world_.microsoft(answer);
  }
}

void Life::meddle() {
  switch (below(7)) {
    case 0:
      return with_some_deal([](const store::DealRow& row) { return linked(row); }, [this](DealId id) { unlink(id); });
    case 1:
      return link_two();
    case 2:
      return with_some_deal([](const store::DealRow& row) { return linked(row); },
                            [this](DealId id) { told("restart", engine::restart(world_.pair(), id)); });
    case 3:
      return with_some_deal([](const store::DealRow& row) { return !linked(row); },
                            [this](DealId id) { told("link --none", engine::match_with_none(world_.pair(), id)); });
    case 4:
      return edit_a_key();
    case 5:
      return refuse_for_a_while();
    default:
      edits_before_write_ = true;
  }
}

void Life::unlink(DealId id) {
  spoil((*world_.store().deal(id))->crm.record_id);
  told("unlink", engine::unlink_deal(world_.pair(), id));
}

void Life::link_two() {
  const auto alone = [](Side side) {
    return
        [side](const store::DealRow& row) { return !linked(row) && row.crm.record_id.empty() == (side != Side::crm); };
  };
  const auto opportunity = some_deal(alone(Side::crm));
  const auto referral = some_deal(alone(Side::partner_center));
  if (!opportunity || !referral) return;
  // What differs follows the rules of a first sync.
  spoil((*world_.store().deal(*opportunity))->crm.record_id);
  told("link", engine::link_deals(world_.pair(), *opportunity, *referral));
}

void Life::edit_a_key() {
  std::vector<std::string> open;
  for (auto& r : own_referrals()) {
    if (r["status"] == "Active") open.push_back(r["id"]);
  }
  if (open.empty()) return;
  const bool clears = opportunities_.empty() || chance(50);
  const std::string key = clears ? "" : opportunities_[below(opportunities_.size())];
  const std::string& one = open[below(open.size())];
  spoil(key);
  spoil(one);
  world_.portal_edit(one, {{{"op", "replace"}, {"path", "/externalReferenceId"}, {"value", key}}});
  tell("key of referral " + one + " edited: " + key);
}

void Life::err() {
  switch (below(16)) {
    case 0:
    case 1:
      return types_a_key();
    case 2:
      return deletes_or_restores();
    case 3:
      return opts_out_or_in();
    case 4:
      return copies_an_opportunity();
    case 5:
      return closes_on_both_sides();
    case 6:
      return microsoft_opens_again();
    case 7:
      return changes_the_mapping();
    case 8:
    case 9:
      return gives_a_command();
    case 10:
      return sets_the_clock();
    case 11:
      return doubles_or_delays_a_write();
    case 12:
      return ends_logins_and_positions();
    case 13:
      return changes_the_store();
    case 14:
      return shares_and_asks();
    default:
      return moves_to_another_account();
  }
}

void Life::types_a_key() {
  const auto one = some_opportunity();
  const auto referrals = own_referrals();
  if (!one || referrals.empty()) return;
  Json key = referrals[below(referrals.size())]["id"];
  if (chance(25)) key = nullptr;
  if (chance(15)) key = "R-4711";
  spoil((*one)["id"]);
  const bool taken = world_.crm_edit_if_allowed((*one)["id"], {{key_word(), key}});
  count(std::string("key typed in the CRM") + (key.is_null() ? ", cleared" : "") + (taken ? "" : ", refused"));
}

void Life::deletes_or_restores() {
  const bool has_bin = world_.column("id") == "Id";  // Salesforce
  if (has_bin && !deleted_.empty() && chance(50)) {
    const std::string id = deleted_[below(deleted_.size())];
    if (!world_.crm_undelete_if_allowed(id)) return;  // not after 15 days
    std::erase(deleted_, id);
    return count("opportunity restored from the bin");
  }
  const auto one = some_opportunity();
  if (!one) return;
  world_.crm_delete((*one)["id"]);
  if (has_bin) deleted_.push_back((*one)["id"]);  // elsewhere a deal that is made anew may have the same id
  std::erase(opportunities_, (*one)["id"].get<std::string>());
  count("opportunity deleted");
}

void Life::opts_out_or_in() {
  const auto one = some_opportunity();
  if (!one) return;
  const bool in = (*one)["opt_in"] == true;
  world_.crm_edit_if_allowed((*one)["id"], {{"opt_in", !in}});
  spoil((*one)["id"]);
  count(in ? "opted out" : "opted in");
}

void Life::copies_an_opportunity() {
  const auto one = some_opportunity();
  if (!one) return;
  Json words = usual_opportunity((*one)["name"]);
  words["contact"] = contact_;
  words["value"] = new_value();
  if (options_.plain_key) words["plain_key"] = (*one)["plain_key"];
  spoil((*one)["id"]);
  world_.new_opportunity(words);
  count(options_.plain_key ? "opportunity copied with its key" : "opportunity copied");
}

void Life::closes_on_both_sides() {
  for (const auto& row : world_.deals()) {
    if (!linked(row) || chance(70)) continue;
    const Json opportunity = world_.opportunity(row.crm.record_id);
    const Json referral = referral_with(row.partner_center.record_id);
    if (opportunity.is_null() || referral.is_null() || referral["status"] != "Active" || crm_refuses_) continue;
    const bool won = chance(50);
    Json patch = {{{"op", "replace"}, {"path", "/status"}, {"value", "Closed"}},
                  {{"op", "replace"}, {"path", "/substatus"}, {"value", won ? "Won" : "Lost"}}};
    if (!won) patch.push_back({{"op", "replace"}, {"path", "/statusReason"}, {"value", "Budget"}});
    world_.portal_edit(row.partner_center.record_id, patch);
    if (chance(70)) {
      const bool same = chance(30);
      Json words = {{"stage", same == won ? "won" : "lost"}};
      if (same != won) words["loss_reason"] = "Budget";
      world_.crm_edit_if_allowed(row.crm.record_id, words);
    }
    spoil(referral["id"]);
    return count("closed on both sides");
  }
}

void Life::microsoft_opens_again() {
  for (const auto& own : own_referrals()) {
    if (own["status"] != "Closed" || chance(50)) continue;
    spoil(own["id"]);
    world_.microsoft({{"referralId", own["id"]}, {"action", "reopen"}});
    return count("opened again by Microsoft");
  }
}

void Life::changes_the_mapping() {
  const auto rule = [](const char* field, const char* key, const char* value) {
    return Json{{"fields", {{field, {{key, value}}}}}};
  };
  const Json mappings[] = {Json::object(),
                           Json::object(),
                           rule("value", "conflict", "crm"),
                           rule("value", "conflict", "partner_center"),
                           rule("notes", "direction", "to_partner_center"),
                           {{"stages", {{"conflict", "crm"}, {"backward", "follow"}}}},
                           {{"select", {{"column", world_.column("opt_in")}, {"value", false}}}},
                           {{"referrals", {{"create_in_crm", "all"}}}}};
  spoil_all();
  count("mapping changed");
  world_.restart_with(mappings[below(std::size(mappings))]);
}

void Life::gives_a_command() {
  const auto any = [](const store::DealRow&) { return true; };
  switch (below(4)) {
    case 0:
      return with_some_deal([](const store::DealRow& row) { return engine::can_be_chosen(row.reason); },
                            [this](DealId id) {
                              engine::Choice choice;
                              choice.take = chance(50) ? engine::Take::crm : engine::Take::partner_center;
                              spoil(world_.store().deal(id)->value().crm.record_id);
                              told("resolve", engine::resolve(world_.pair(), id, choice, false));
                            });
    case 1:
      return with_some_deal(any, [this](DealId id) { told("replay", engine::replay(world_.pair(), {id}, all_)); });
    case 2:
      return with_some_deal(
          [](const store::DealRow& row) { return row.reason == "settling" || row.reason == "approval"; },
          [this](DealId id) { told("approve", engine::approve(world_.pair(), id)); });
    default:
      return with_some_deal(
          [](const store::DealRow& row) {
            return row.reason == "reopened_in_crm" || row.reason == "closed_differently";
          },
          [this](DealId id) { told("leave as is", engine::leave_as_is(world_.pair(), id)); });
  }
}

void Life::shares_and_asks() {
  const auto one = some_opportunity();
  if (!one) return;
  static const Json wishes[] = {{{"visible", true}},
                                {{"visible", false}},
                                {{"help", "GeneralOrOther"}, {"help_notes", "A demo"}},
                                {{"help", nullptr}}};
  world_.crm_edit_if_allowed((*one)["id"], wishes[below(4)]);
  count("shared or asked for help, or taken back");
}

void Life::moves_to_another_account() {
  const auto one = some_opportunity();
  const auto accounts = world_.accounts();
  if (!one || accounts.empty()) return;
  world_.crm_edit_if_allowed((*one)["id"], {{"account", accounts[below(accounts.size())]["id"]}});
  count("moved to another account");
}

}  // namespace cosell::test
