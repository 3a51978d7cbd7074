// Random lives: sellers, Microsoft and the portal edit at random, requests get lost, answers break off, the process
// dies in the middle of syncs. Afterwards everything comes to rest, and then what must always hold is looked at. A life
// follows from its seed alone; scripts/campaign simulation lives many more of them, and counts what happened in them:
// a green campaign in which a fault never fired says nothing of it.
//   COSELL_LIVES=N  so many lives per CRM (1)   COSELL_SEED=N  the first life's seed (1)   COSELL_TELL=1  tell what
//   happens
#include <gtest/gtest.h>

#include <cstdlib>
#include <iostream>
#include <set>

#include "engine/approve.h"
#include "engine/decide.h"
#include "engine/link.h"
#include "engine/marks.h"
#include "engine/replay.h"
#include "engine/resolve.h"
#include "engine/restart.h"
#include "engine/words.h"
#include "tests/support/world.h"

namespace cosell::test {
namespace {

std::uint64_t number_from(const char* variable, std::uint64_t usual) {
  const char* text = std::getenv(variable);
  return text == nullptr || *text == '\0' ? usual : std::strtoull(text, nullptr, 10);
}

const char* const kReferrals = "/v1.0/engagements/referrals";

std::string text_in(const Json& record, const char* name) {
  return record.contains(name) && record[name].is_string() ? record[name].get<std::string>() : "";
}

// What happened in all lives of a test, by name.
struct Count {
  std::int64_t times = 0;
  std::uint64_t first_seed = 0;  // of a life in which it happened
};
using Counts = std::map<std::string, Count>;

class Life {
 public:
  enum class People : std::uint8_t { edit, meddle, err };

  Life(const char* crm, std::uint64_t seed, People people, Counts& counts)
      : people_(people),
        options_(options_of(crm, seed, people)),
        world_(options_),
        counts_(counts),
        draw_(seed * 2 + 1) {
    all_.allow = {"creates", "closings", "sharings", "deletions"};
    world_.wire = [this](Side side, const http::Request& r, const World::Go& go) { return on_the_wire(side, r, go); };
    contact_ = world_.new_contact(
        {{"first", "Jon"}, {"last", "Alder"}, {"phone", "+49405550177"}, {"email", "jon.alder@customer.example"}});
  }

  void live() {
    for (int chapter = 0; chapter < 3 && !testing::Test::HasFailure(); ++chapter) {
      for (int event = 0; event < 25; ++event) happen();
      come_to_rest();
      look();
    }
    EXPECT_TRUE(world_.store().verify_journal());
    EXPECT_FALSE(own_referrals().empty()) << "nothing happened";
  }

 private:
  // Those who err do so in companies of several kinds.
  static WorldOptions options_of(const std::string& crm, std::uint64_t seed, People people) {
    WorldOptions options{.crm = crm, .seed = seed};
    if (people != People::err) return options;
    if (crm == "dynamics365" && seed % 4 == 3) options.crm = "dynamics365_process";
    if (seed % 2 == 1) options.settle = minutes(60);
    options.plain_key = seed % 3 == 0;
    options.page_size = seed % 5 == 0 ? 2 : 100;
    options.any_order = seed % 7 == 0;
    return options;
  }

  void count(const std::string& what) {
    count_more(what, 1);
    tell(what);
  }
  void count_more(const std::string& what, std::int64_t times) {
    Count& count = counts_[what];
    if (count.times == 0) count.first_seed = options_.seed;
    count.times += times;
  }
  void tell(const std::string& what) {
    static const bool tells = number_from("COSELL_TELL", 0) > 0;
    if (tells) std::cout << to_string(world_.clock().now()) << " " << what << "\n";
  }
  std::uint64_t below(std::uint64_t n) { return draw_.below(n); }
  bool chance(std::uint64_t percent) { return below(100) < percent; }
  int new_value() { return value_ += 1000; }

  void happen() {
    if (people_ == People::meddle && chance(25)) return meddle();
    if (people_ == People::err && chance(35)) return chance(25) ? meddle() : err();
    switch (below(12)) {
      case 0:
      case 1:
        return begin_in_crm();
      case 2:
        return begin_in_partner_center();
      case 3:
      case 4:
      case 5:
        return seller_edits();
      case 6:
        return portal_edits();
      case 7:
        return microsoft_answers();
      case 8:
        break_something();
        if (people_ != People::err) return;
        seller_edits();  // so that there is something to fail
        begin_in_crm();
        (void)world_.sync(all_);
        return;
      case 9:
        return die();
      default:
        world_.advance(minutes(static_cast<std::int64_t>(1 + below(chance(10) ? 4000 : 90))));
        tell("sync");
        (void)world_.sync(all_);
    }
  }

  void begin_in_crm() {
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

  void begin_in_partner_center() { world_.inbound({{"name", "Sent " + std::to_string(++named_)}}); }

  // Any opportunity, also those that the bridge made.
  void seller_edits() {
    auto there = world_.opportunities();
    std::erase_if(there, [this](const Json& o) {
      return std::find(deleted_.begin(), deleted_.end(), o["id"]) != deleted_.end();
    });
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

  std::vector<Json> own_referrals() {
    std::vector<Json> out;
    for (const auto& r : world_.referrals()) {
      if (r.value("organizationId", "") != "msft") out.push_back(r);
    }
    return out;
  }

  void portal_edits() {
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

  void microsoft_answers() {
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

  void break_something() {
    static const char* const kinds[] = {"drop_before", "drop_after", "truncate", "status", "html", "throttle"};
    Json action = {{"kind", kinds[below(6)]}};
    if (action["kind"] == "throttle") action["retry_after"] = 1;
    const auto after = static_cast<int>(below(4));
    const auto times = static_cast<int>(1 + below(3));
    if (chance(60)) {
      static const char* const methods[] = {"GET", "POST", "PATCH"};
      plan_fault(Side::partner_center, {{"match", {{"method", methods[below(3)]}, {"path", kReferrals}}},
                                        {"after", after},
                                        {"times", times},
                                        {"action", action}});
    } else {
      plan_fault(Side::crm, {{"match", Json::object()}, {"after", after}, {"times", times}, {"action", action}});
    }
  }

  void plan_fault(Side side, const Json& fault) {
    count_faults(side);
    world_.faults(side, Json::array({fault}));
    tell("fault " + fault.dump());
  }

  // What fired of the planned ones, before they are replaced by others.
  void count_faults(Side side) {
    const Json planned = world_.control(side, "GET", "faults");
    for (const auto& fault : planned.is_array() ? planned : planned["faults"]) {
      const Json& action = fault["action"];
      std::string name = std::string("fault ") + store::name_of(side) + " " + action["kind"].get<std::string>();
      if (action.contains("status")) name += " " + std::to_string(action["status"].get<int>());
      if (fault["match"].contains("method")) name += " " + fault["match"]["method"].get<std::string>();
      count_more(name + ", planned", 1);
      count_more(name + ", fired", fault.value("fired", 0));
    }
  }

  // What people do to the ties of deals, and what refuses everything for a while: whatever is under way by then.
  void meddle() {
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

  template <typename Answer>
  void told(const std::string& command, const Answer& answer) {
    count("command " + command + (answer ? "" : ", refused"));
  }

  static bool linked(const store::DealRow& row) {
    return !row.crm.record_id.empty() && !row.partner_center.record_id.empty();
  }

  std::optional<DealId> some_deal(const std::function<bool(const store::DealRow&)>& which) {
    std::vector<DealId> ids;
    for (const auto& row : world_.deals()) {
      if (which(row)) ids.push_back(row.id);
    }
    if (ids.empty()) return std::nullopt;
    const DealId chosen = ids[below(ids.size())];
    const auto row = **world_.store().deal(chosen);
    tell("of " + row.title + " " + row.crm.record_id + " " + row.partner_center.record_id);
    return chosen;
  }
  void with_some_deal(const std::function<bool(const store::DealRow&)>& which,
                      const std::function<void(DealId)>& what) {
    if (const auto id = some_deal(which)) what(*id);
  }

  // What the opportunity shows by now came from either side; another referral may follow it.
  void unlink(DealId id) {
    spoil((*world_.store().deal(id))->crm.record_id);
    told("unlink", engine::unlink_deal(world_.pair(), id));
  }

  void link_two() {
    const auto alone = [](Side side) {
      return [side](const store::DealRow& row) {
        return !linked(row) && row.crm.record_id.empty() == (side != Side::crm);
      };
    };
    const auto opportunity = some_deal(alone(Side::crm));
    const auto referral = some_deal(alone(Side::partner_center));
    if (!opportunity || !referral) return;
    // What differs follows the rules of a first sync.
    spoil((*world_.store().deal(*opportunity))->crm.record_id);
    told("link", engine::link_deals(world_.pair(), *opportunity, *referral));
  }

  void edit_a_key() {
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

  void refuse_for_a_while() {
    if (std::exchange(crm_refuses_, false)) return world_.crm_refuses_nothing();
    if (chance(40)) {
      crm_refuses_ = true;
      return world_.crm_refuses_values_above(value_ / 2, "No such values today");
    }
    static const int statuses[] = {403, 404, 412, 409};
    const Json action = {{"kind", "status"}, {"status", statuses[below(4)]}};
    plan_fault(Side::partner_center, {{"match", {{"method", chance(50) ? "PATCH" : "POST"}, {"path", kReferrals}}},
                                      {"after", 0},
                                      {"times", static_cast<int>(1 + below(30))},
                                      {"action", action}});
  }

  // Everything that the bridge sends passes here.
  net::Delivered on_the_wire(Side side, const http::Request& r, const World::Go& go) {
    const bool writes = r.method != "GET" && r.url.find("token") == std::string::npos;
    if (writes && std::exchange(edits_before_write_, false)) {
      count(std::string("edited between reading and writing, ") + store::name_of(side));
      if (side == Side::crm) {
        seller_edits();
      } else {
        portal_edits();
      }
    }
    if (writes && std::exchange(keeps_next_write_, false)) {
      kept_back_.emplace_back(side, r);
      return net::Delivered{net::Delivered::Kind::dropped_before, {}};
    }
    auto answer = go(r);
    const int status = answer.response.status;
    if (writes && status >= 400 && resting_) {
      count(std::string("refused at rest: ") + store::name_of(side) + " " + r.method + " " + std::to_string(status) +
            " " + answer.response.body.substr(0, 200));
    }
    return answer;
  }

  // What people do by mistake, administrators between two syncs, and systems on bad days.
  void err() {
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

  std::optional<Json> some_opportunity() {
    auto there = world_.opportunities();
    std::erase_if(there, [this](const Json& o) {
      return std::find(deleted_.begin(), deleted_.end(), o["id"]) != deleted_.end();
    });
    if (there.empty() || crm_refuses_) return std::nullopt;
    const Json& chosen = there[below(there.size())];
    tell("of " + chosen["id"].get<std::string>() + " " + chosen["name"].get<std::string>());
    return chosen;
  }

  // Which of the edits counts in the end is not known any more.
  void spoil(const std::string& record) { spoilt_.insert(record); }
  bool is_spoilt(const Json& record) const { return all_are_spoilt_ || spoilt_.count(record["id"]) > 0; }
  void spoil_all() { all_are_spoilt_ = true; }

  const char* key_word() const { return options_.plain_key ? "plain_key" : "referral_id"; }

  void types_a_key() {
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

  void deletes_or_restores() {
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

  void opts_out_or_in() {
    const auto one = some_opportunity();
    if (!one) return;
    const bool in = (*one)["opt_in"] == true;
    world_.crm_edit_if_allowed((*one)["id"], {{"opt_in", !in}});
    spoil((*one)["id"]);
    count(in ? "opted out" : "opted in");
  }

  void copies_an_opportunity() {
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

  void closes_on_both_sides() {
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

  void microsoft_opens_again() {
    for (const auto& own : own_referrals()) {
      if (own["status"] != "Closed" || chance(50)) continue;
      spoil(own["id"]);
      world_.microsoft({{"referralId", own["id"]}, {"action", "reopen"}});
      return count("opened again by Microsoft");
    }
  }

  void changes_the_mapping() {
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

  void gives_a_command() {
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

  void sets_the_clock() {
    static const std::int64_t minutes_ahead[] = {3, 61, 60 * 24 * 20, 60 * 24 * 400, -3, -61, -60 * 24 * 20};
    count("clock of the machine set wrong");
    world_.set_machine_clock_ahead(minutes(minutes_ahead[below(std::size(minutes_ahead))]));
    (void)world_.sync(all_);
    if (chance(50)) world_.set_machine_clock_ahead({});
  }

  void doubles_or_delays_a_write() {
    if (chance(40)) {
      plan_fault(Side::partner_center, {{"match", {{"method", chance(50) ? "PATCH" : "POST"}, {"path", kReferrals}}},
                                        {"times", 1},
                                        {"action", {{"kind", "duplicate"}}}});
    } else if (chance(40)) {
      for (auto& [side, request] : std::exchange(kept_back_, {})) {
        (void)world_.send(side, request);
        count(std::string("write arrived late, ") + store::name_of(side));
      }
    } else {
      keeps_next_write_ = true;
    }
  }

  void ends_logins_and_positions() {
    count("logins and read positions ended");
    switch (below(4)) {
      case 0:
        (void)world_.control(Side::partner_center, "POST", "revoke-logins", {{"access", true}});
        return;
      case 1:
        (void)world_.control(Side::crm, "POST", "expire", Json::object());
        return;
      case 2:
        if (world_.column("id") != "Id") (void)world_.control(Side::crm, "POST", "expire_delta", Json::object());
        return;
      default:
        return world_.advance(hours(24 * 33));
    }
  }

  void changes_the_store() {
    switch (below(4)) {
      case 0:
        spoil_all();
        count("store lost");
        return world_.lose_store();
      case 1:
        if (!world_.put_back_store()) return;
        spoil_all();
        return count("store from a backup");
      default:
        return world_.keep_store();
    }
  }

  void shares_and_asks() {
    const auto one = some_opportunity();
    if (!one) return;
    static const Json wishes[] = {{{"visible", true}},
                                  {{"visible", false}},
                                  {{"help", "GeneralOrOther"}, {"help_notes", "A demo"}},
                                  {{"help", nullptr}}};
    world_.crm_edit_if_allowed((*one)["id"], wishes[below(4)]);
    count("shared or asked for help, or taken back");
  }

  void moves_to_another_account() {
    const auto one = some_opportunity();
    const auto accounts = world_.accounts();
    if (!one || accounts.empty()) return;
    world_.crm_edit_if_allowed((*one)["id"], {{"account", accounts[below(accounts.size())]["id"]}});
    count("moved to another account");
  }

  Json referral_with(const std::string& id) {
    for (auto& r : own_referrals()) {
      if (r["id"] == id) return r;
    }
    return nullptr;
  }

  void die() {
    world_.crash_after_requests(static_cast<int>(1 + below(12)));
    count(world_.sync_until_crash() ? "process died" : "process outlived its death");
    world_.crash_after_requests(0);
    world_.restart();
  }

  void come_to_rest() {
    for (const Side side : {Side::crm, Side::partner_center}) {
      count_faults(side);
      world_.faults(side, Json::array());
    }
    if (std::exchange(crm_refuses_, false)) world_.crm_refuses_nothing();
    edits_before_write_ = keeps_next_write_ = false;
    world_.set_machine_clock_ahead({});
    for (auto& [side, request] : std::exchange(kept_back_, {})) {
      (void)world_.send(side, request);
      count(std::string("write arrived late, ") + store::name_of(side));
    }
    resting_ = true;
    for (int round = 0; round < 6; ++round) {
      world_.advance(hours(2));
      const auto report = world_.sync(all_);
      ASSERT_FALSE(report.stopped) << report.stopped->message;
      // What was under way when the process died is looked up in the first round, and may wait its minute.
      if (round > 0) {
        EXPECT_EQ(report.unanswered, 0);
      }
    }
  }

  void look() {
    quiet_runs_write_nothing();
    std::set<std::string> keys;
    std::map<std::string, Json> opportunities;
    for (const auto& o : world_.opportunities()) {
      if (std::find(deleted_.begin(), deleted_.end(), o["id"]) != deleted_.end()) continue;
      opportunities.emplace(o["id"], o);
      const std::string key = o[key_word()].is_string() ? o[key_word()].get<std::string>() : "";
      if (key.empty() || people_ == People::err) continue;
      EXPECT_TRUE(keys.insert(key).second) << "two opportunities name the referral " << key;
    }
    if (people_ == People::edit) {
      for (const auto& id : opportunities_) (void)world_.referral_of(id);  // fails where there are two (I-17)
    }
    std::map<std::string, Json> referrals;
    for (const auto& r : own_referrals()) {
      referrals.emplace(r["id"], r);
      says_how_it_stands(r["name"], world_.deal_of(r["id"]));
    }
    for (const auto& [id, o] : opportunities) says_how_it_stands(o["name"], world_.deal_of(id));
    for (const auto& row : world_.deals()) {
      count("deal at rest: " + std::string(store::name_of(row.state)) + " " + row.reason);
      if (row.state == store::DealState::failed) count("failed at rest: " + row.message.substr(0, 120));
      if (!linked(row)) continue;
      const auto opportunity = opportunities.find(row.crm.record_id);
      const auto referral = referrals.find(row.partner_center.record_id);
      if (opportunity != opportunities.end()) the_seller_reads_it(row, opportunity->second);
      if (row.state != store::DealState::in_sync) continue;
      EXPECT_TRUE(opportunity != opportunities.end() && referral != referrals.end()) << row.title << " is gone";
      if (opportunity == opportunities.end() || referral == referrals.end()) continue;
      no_other_holds_its_key(row, opportunities, referrals);
      if (row.marks.count("choice.standing") == 0) agree(referral->second, opportunity->second);
    }
    last_value_.clear();
    spoilt_.clear();
    all_are_spoilt_ = resting_ = false;
  }

  // I-01
  static void says_how_it_stands(const std::string& name, const store::DealRow& deal) {
    EXPECT_TRUE(deal.state == store::DealState::in_sync || !deal.message.empty())
        << name << " does not say why it is " << store::name_of(deal.state);
    EXPECT_NE(deal.state, store::DealState::changed) << name << " has come to rest and is not at rest";
    EXPECT_NE(deal.reason, "checking") << name << " still waits for a lost write";
  }

  // What the CRM tells the seller is what the bridge knows.
  void the_seller_reads_it(const store::DealRow& row, const Json& opportunity) {
    if (!engine::refused_writes(row).empty() || row.state == store::DealState::skipped) return;
    if (row.marks.count("clone_of") > 0 || row.crm.existence != store::Existence::live) return;
    EXPECT_EQ(opportunity["state"], engine::words::state_title(row)) << row.title << ": " << row.message;
  }

  // I-17: of twins and copies none is called in sync.
  void no_other_holds_its_key(const store::DealRow& row, const std::map<std::string, Json>& opportunities,
                              const std::map<std::string, Json>& referrals) {
    const auto is_tied_elsewhere = [this](const std::string& record) {
      const auto deal = world_.deal_of(record);
      return linked(deal) || deal.marks.count(engine::unlinked_mark) > 0 ||
             deal.marks.count(engine::no_match_mark) > 0 || deal.marks.count(engine::restarted_mark) > 0;
    };
    for (const auto& [id, o] : opportunities) {
      if (id == row.crm.record_id || o[key_word()] != row.partner_center.record_id || is_tied_elsewhere(id)) continue;
      ADD_FAILURE() << row.title << " is called in sync, and opportunity " << id << " holds its key too";
    }
    for (const auto& [id, r] : referrals) {
      const bool holds = r["status"] != "Closed" && text_in(r, "externalReferenceId") == row.crm.record_id;
      if (id == row.partner_center.record_id || !holds || is_tied_elsewhere(id)) continue;
      ADD_FAILURE() << row.title << " is called in sync, and referral " << id << " holds its key too";
    }
  }

  // I-02: nobody does anything, so that nothing is written.
  void quiet_runs_write_nothing() {
    for (int i = 0; i < 2; ++i) {
      world_.advance(minutes(30));
      const auto written = world_.writes(Side::crm) + world_.writes(Side::partner_center);
      (void)world_.sync(all_);
      EXPECT_EQ(world_.writes(Side::crm) + world_.writes(Side::partner_center), written) << "a quiet run wrote";
    }
  }

  // I-01, I-06, I-07: the sides show the same, and of one person's edits the last one.
  void agree(const Json& referral, const Json& opportunity) {
    const std::string name = referral["name"];
    const std::string stage = opportunity["stage"];
    const bool closed_there = stage == "won" || stage == "lost";
    if (referral["status"] != "Active") {  // closed: edits of either side stay where they are (L-7)
      const bool won = referral["substatus"] == "Won";
      EXPECT_TRUE(referral["status"] == "New" || stage == (won ? "won" : "lost")) << name << " is called in sync";
      return;
    }
    EXPECT_FALSE(closed_there) << name << " is called in sync and is " << stage << " in the CRM";
    EXPECT_EQ(opportunity["name"], name);
    const auto number = [](const Json& v) { return v.is_number() ? v.get<double>() : std::stod(v.get<std::string>()); };
    const double value = number(referral["details"]["dealValue"]);
    EXPECT_EQ(number(opportunity["value"]), value) << name << " is called in sync";
    const std::string percent = text_in(referral, "salesStage");
    EXPECT_TRUE(stage == percent || percent.empty()) << name << " is called in sync: " << stage << " and " << percent;
    const auto here = last_value_.find(opportunity["id"]);
    const auto there = last_value_.find(referral["id"]);
    const bool both = here != last_value_.end() && there != last_value_.end();
    const auto edited = here != last_value_.end() ? here : there;
    if (both || edited == last_value_.end() || is_spoilt(opportunity) || is_spoilt(referral)) return;
    EXPECT_EQ(value, edited->second) << name << ": the last edit is gone";
  }

  const People people_;
  const WorldOptions options_;
  bool edits_before_write_ = false;
  bool keeps_next_write_ = false;
  bool all_are_spoilt_ = false;
  bool resting_ = false;      // nobody does anything, and nothing fails
  bool crm_refuses_ = false;  // the bridge; people would only be told so
  World world_;
  Counts& counts_;
  SeededRandom draw_;
  CycleOptions all_;
  std::string contact_;
  int named_ = 0;
  int value_ = 10'000;
  std::vector<std::string> opportunities_;                 // begun in the CRM
  std::vector<std::string> deleted_;                       // in the bin
  std::vector<std::pair<Side, http::Request>> kept_back_;  // writes that arrive later
  // Since the sides last came to rest: what people set a record's value to, and records of which that says nothing.
  std::map<std::string, int> last_value_;
  std::set<std::string> spoilt_;
};

class RandomLives : public testing::TestWithParam<const char*> {};
INSTANTIATE_TEST_SUITE_P(Crm, RandomLives, testing::Values("salesforce", "dynamics365"), name_of_crm);

void live_many(const char* crm, Life::People people) {
  const std::uint64_t first = number_from("COSELL_SEED", 1);
  const std::uint64_t lives = number_from("COSELL_LIVES", 1);
  Counts counts;
  for (std::uint64_t seed = first; seed < first + lives; ++seed) {
    Life(crm, seed, people, counts).live();
    if (testing::Test::HasFailure()) {
      std::cout << "again: COSELL_SEED=" << seed << " COSELL_LIVES=1, CRM " << crm << "\n";
      return;
    }
  }
  if (lives == 1) return;
  for (const auto& [what, n] : counts) std::cout << n.times << "\t" << what << " (first seed " << n.first_seed << ")\n";
}

TEST_P(RandomLives, EndWithBothSidesAgreedAndEveryEditKeptOrToldOf) {  // I-01, I-06
  live_many(GetParam(), Life::People::edit);
}

TEST_P(RandomLives, ThatPeopleMeddleWithComeToRestAgreedOrToldOf) {  // I-01, I-02, I-16
  live_many(GetParam(), Life::People::meddle);
}

TEST_P(RandomLives, OfPeopleWhoErrComeToRestAgreedOrToldOf) {  // I-01, I-02, I-16, I-17, I-31
  live_many(GetParam(), Life::People::err);
}

}  // namespace
}  // namespace cosell::test
