// A year of co-sell, told as a seller lives it, and a thousand mixed deals through their whole life. COSELL_TELL=1
// prints the story (scripts/story).
#include <gtest/gtest.h>

#include <cstdlib>
#include <iostream>

#include "engine/ask_registration.h"
#include "engine/restart.h"
#include "tests/support/world.h"

namespace cosell::test {
namespace {

Json plus(Json base, const Json& more) {
  base.update(more);
  return base;
}

class Story {
 public:
  explicit Story(const char* crm) : world({.crm = crm, .settle = minutes(60)}), told_(std::getenv("COSELL_TELL")) {}

  // Nothing that this story tells happens until that day.
  void chapter(const std::string& day, const std::string& what) {
    const Instant then = start_of(*parse_date(day)) + hours(9);
    EXPECT_LT(world.clock().now(), then) << what;
    later(then - world.clock().now());
    say("\n" + what);
  }
  // What a person types; the story does what the command does.
  void command(const std::string& line) { say("  $ " + line); }

  // Some time passes, the bridge syncs, and what the seller then sees in the CRM is told.
  void later(Duration d) {
    world.advance(d);
    for (int i = 0; i < 2; ++i) {
      const auto report = world.sync();
      EXPECT_FALSE(report.stopped) << report.stopped->message;
      EXPECT_EQ(report.failures_total, 0);
    }
  }
  // What the seller sees in the CRM, what stands in Partner Center, and what waits for whom.
  void show(const std::string& id) {
    const Json seen = world.opportunity(id);
    const auto text = [&](const char* word) { return seen[word].is_string() ? seen[word].get<std::string>() : ""; };
    say("  " + to_string_minutes(world.clock().now()) + "  " + text("name") + " - " + text("state") +
        (text("message").empty() ? "" : ": " + text("message")));
    const Json there = referral(id);
    std::string line = "in the CRM: " + text("stage") + "; in Partner Center: " + there["substatus"].get<std::string>();
    if (there["salesStage"].is_string()) line += ", " + there["salesStage"].get<std::string>() + " %";
    if (!text("microsoft_answer").empty()) line += "; Microsoft: " + text("microsoft_answer");
    if (!text("registration").empty()) line += "; registration: " + text("registration");
    say("                    " + line);
    const auto row = world.deal_of(id);
    const bool told = row.next_step.empty() || text("message").find(row.next_step) != std::string::npos;
    if (!told) say("                    -> " + row.next_step);
  }
  Json referral(const std::string& id) {
    const std::string referral_id = world.deal_of(id).partner_center.record_id;
    for (const auto& r : world.referrals()) {
      if (r["id"] == referral_id) return r;
    }
    return {};
  }
  std::string opportunity_named(const std::string& name) {
    for (const auto& o : world.opportunities()) {
      if (o["name"] == name) return o["id"];
    }
    ADD_FAILURE() << "no opportunity " << name;
    return "";
  }

  World world;

 private:
  void say(const std::string& line) {
    if (told_ != nullptr) std::cout << line << "\n";
  }
  const char* told_;
};

class YearOfCoSell : public testing::TestWithParam<const char*> {};
INSTANTIATE_TEST_SUITE_P(Crm, YearOfCoSell, testing::Values("salesforce", "dynamics365"), name_of_crm);

TEST_P(YearOfCoSell, IsLivedThroughWithoutASurprise) {
  Story story(GetParam());
  World& world = story.world;

  story.chapter("2027-01-11", "January. Microsoft sends three deals. One is accepted, one declined, one forgotten.");
  for (const char* name : {"Birch Clinics", "Cedar Rail", "Dogwood Mills"}) world.inbound({{"name", name}});
  story.later(hours(1));
  const auto birch = story.opportunity_named("Birch Clinics");
  const auto cedar = story.opportunity_named("Cedar Rail");
  const auto dogwood = story.opportunity_named("Dogwood Mills");
  story.show(birch);
  world.crm_edit(birch, {{"stage", "20"}});
  world.crm_edit(cedar, {{"stage", "lost"}, {"loss_reason", "Not a customer"}});
  story.later(minutes(10));
  story.show(cedar);
  story.later(minutes(61));
  EXPECT_EQ(story.referral(birch)["substatus"], "Accepted");
  EXPECT_EQ(story.referral(cedar)["substatus"], "Declined");
  story.show(birch);
  story.show(cedar);
  story.later(days(15));
  EXPECT_EQ(story.referral(dogwood)["substatus"], "Expired");
  EXPECT_EQ(world.opportunity(dogwood)["stage"], "lost");
  story.show(dogwood);

  story.chapter("2027-03-01",
                "March. A private deal is upgraded to co-sell; Microsoft accepts. For another one it declines.");
  const auto contact = world.new_contact(
      {{"first", "Jon"}, {"last", "Alder"}, {"phone", "+49405550177"}, {"email", "jon.alder@customer.example"}});
  const auto alder = world.new_opportunity(plus(usual_opportunity("Alder Foods"), {{"contact", contact}}));
  const auto elm = world.new_opportunity(plus(usual_opportunity("Elm Street Bank"), {{"contact", contact}}));
  story.later(minutes(10));
  EXPECT_EQ(story.referral(alder)["consent"]["consentToShareReferralWithMicrosoftSellers"], false);
  for (const auto& id : {alder, elm}) world.crm_edit(id, {{"help", "ProofOfConceptOrDemo"}, {"help_notes", "A demo"}});
  story.later(minutes(10));
  story.show(alder);
  story.later(minutes(61));
  EXPECT_EQ(world.opportunity(alder)["microsoft_answer"], "waiting");
  world.microsoft({{"referralId", story.referral(alder)["id"]}, {"action", "accept"}});
  world.microsoft({{"referralId", story.referral(elm)["id"]},
                   {"action", "decline"},
                   {"reason", "No Microsoft seller directly manages this customer"}});
  story.later(hours(2));
  EXPECT_EQ(world.opportunity(alder)["microsoft_answer"], "accepted");
  EXPECT_EQ(world.opportunity(elm)["microsoft_answer"], "declined");
  EXPECT_NE(world.deal_of(elm).message.find("looks after this customer"), std::string::npos);  // M-4
  story.show(alder);
  story.show(elm);

  story.chapter("2027-04-05", "April. The stages move on. Won by mistake, undone within the hour: nobody notices.");
  for (const char* stage : {"40", "60", "80"}) {
    world.crm_edit(alder, {{"stage", stage}});
    story.later(days(5));
    EXPECT_EQ(story.referral(alder)["salesStage"], stage);
  }
  world.crm_edit(alder, {{"stage", "won"}});
  story.later(minutes(10));
  story.show(alder);
  world.crm_edit(alder, {{"stage", "80"}});
  story.later(hours(3));
  EXPECT_EQ(story.referral(alder)["status"], "Active");
  story.show(alder);

  story.chapter("2027-05-10", "May. Won by mistake and noticed too late: the deal starts again with a new referral.");
  const auto fir = world.new_opportunity(usual_opportunity("Fir Logistics"));
  story.later(minutes(10));
  world.crm_edit(fir, {{"stage", "won"}});
  story.later(minutes(10));
  story.later(minutes(61));
  EXPECT_EQ(story.referral(fir)["substatus"], "Won");
  world.crm_edit(fir, {{"stage", "60"}});
  story.later(hours(1));
  EXPECT_EQ(world.deal_of(fir).reason, "reopened_in_crm");
  story.show(fir);
  story.command("cosell deals restart \"Fir Logistics\"");
  ASSERT_TRUE(engine::restart(world.pair(), world.deal_of(fir).id));
  story.later(hours(1));
  EXPECT_EQ(story.referral(fir)["status"], "Active");
  story.show(fir);

  story.chapter("2027-06-07",
                "June. A partner-led deal is won on its second day; Partner Center hears of it after 72 hours.");
  const auto gorse = world.new_opportunity(plus(usual_opportunity("Gorse Energy"), {{"visible", true}}));
  story.later(minutes(10));
  story.later(minutes(61));
  EXPECT_EQ(story.referral(gorse)["consent"]["consentToShareReferralWithMicrosoftSellers"], true);
  story.later(days(1));
  world.crm_edit(gorse, {{"stage", "won"}});
  story.later(hours(2));
  EXPECT_EQ(story.referral(gorse)["status"], "Active");
  story.show(gorse);
  story.later(days(2));
  EXPECT_EQ(story.referral(gorse)["substatus"], "Won");
  story.show(gorse);

  story.chapter("2027-07-05", "July. The deal is registered with one command; its review is seen in the CRM.");
  const Date today = date_of(world.clock().now());
  story.command("cosell deals register \"Gorse Energy\" --signed " + to_string(today) + " --starts " +
                to_string(today) + " --perpetual --on-azure yes --deployed-at customer --pricing other");
  const auto asked = engine::ask_registration(world.pair(), world.deal_of(gorse).id,
                                              {{registration_column::signed_on, today},
                                               {registration_column::starts, today},
                                               {registration_column::ends, Value{}},
                                               {registration_column::on_azure, true},
                                               {registration_column::deployed_at, std::string("Customer")},
                                               {registration_column::pricing, std::string("Other")}});
  ASSERT_TRUE(asked) << asked.error().message;
  story.later(days(3));
  EXPECT_EQ(story.referral(gorse)["registrationStatus"], "ReviewPending");
  world.control(Side::partner_center, "POST", "registration",
                {{"id", story.referral(gorse)["id"]}, {"status", "Approved"}});
  story.later(days(20));
  story.show(gorse);
  EXPECT_EQ(story.referral(gorse)["registrationStatus"], "Approved");

  story.chapter("2027-09-06", "September. Elm Street Bank is lost, with a reason; Alder Foods is won at last.");
  world.crm_edit(elm, {{"stage", "lost"}, {"loss_reason", "Budget"}});
  world.crm_edit(alder, {{"stage", "won"}});
  story.later(minutes(10));
  story.later(minutes(61));
  EXPECT_EQ(story.referral(elm)["substatus"], "Lost");
  EXPECT_EQ(story.referral(elm)["statusReason"], "Budget");
  EXPECT_EQ(story.referral(alder)["substatus"], "Won");
  story.show(elm);
  story.show(alder);

  EXPECT_EQ(world.refused(Side::partner_center), 0) << "Partner Center refused something";
}

struct Mix {
  int won = 0, lost = 0, declined = 0, expired = 0, accepted = 0, asked = 0, shown = 0, staged = 0;
};

Mix mix_of(World& world) {
  Mix mix;
  for (const auto& r : world.referrals()) {
    const std::string how = r["substatus"];
    mix.won += how == "Won";
    mix.lost += how == "Lost";
    mix.declined += how == "Declined";
    mix.expired += how == "Expired";
    mix.accepted += how == "Accepted";
    mix.shown += r["consent"]["consentToShareReferralWithMicrosoftSellers"] == true;
    mix.staged += r["salesStage"] == "60";
  }
  mix.asked = static_cast<int>(world.control(Side::partner_center, "GET", "records")["invited"].size());
  return mix;
}

TEST(ManyDeals, LiveTheirWholeLifeWithoutOneRequestThatPartnerCenterRefuses) {
  World world;
  CycleOptions all;
  all.allow = {"creates", "closings", "sharings"};
  const auto sync = [&](Duration after) {
    world.advance(after);
    const auto report = world.sync(all);
    EXPECT_FALSE(report.stopped) << report.stopped->message;
    EXPECT_EQ(report.failures_total, 0);
  };
  const auto contact = world.new_contact(
      {{"first", "Jon"}, {"last", "Alder"}, {"phone", "+49405550177"}, {"email", "jon.alder@customer.example"}});
  const Json help = {{"help", "GeneralOrOther"}, {"help_notes", "A demo"}};
  std::vector<std::string> ids;
  for (int i = 0; i < 900; ++i) {
    Json words = plus(usual_opportunity("Deal " + std::to_string(i)), {{"contact", contact}});
    if (i % 3 == 1) words["visible"] = true;
    if (i % 3 == 2) words.update(help);
    ids.push_back(world.new_opportunity(words));
  }
  for (int i = 0; i < 100; ++i) world.inbound({{"name", "Sent " + std::to_string(i)}});
  sync(minutes(1));
  std::vector<std::string> sent;
  for (const auto& o : world.opportunities()) {
    if (o["stage"] == "waiting") sent.push_back(o["id"]);
  }
  ASSERT_EQ(sent.size(), 100U);
  // Answers, stages, upgrades.
  for (std::size_t i = 0; i < sent.size(); ++i) {
    if (i % 3 == 0) world.crm_edit(sent[i], {{"stage", "40"}, {"value", 12000}});
    if (i % 3 == 1) world.crm_edit(sent[i], {{"stage", "lost"}, {"loss_reason", "Not a customer"}});
  }
  for (std::size_t i = 0; i < ids.size(); ++i) {
    if (i % 9 == 0) world.crm_edit(ids[i], {{"visible", true}});            // private to partner-led (U-2)
    if (i % 9 == 3) world.crm_edit(ids[i], help);                           // private to co-sell (U-1)
    if (i % 9 == 1) world.crm_edit(ids[i], plus(help, {{"stage", "80"}}));  // partner-led to co-sell (U-3)
    if (i % 2 == 0) world.crm_edit(ids[i], {{"stage", "60"}, {"value", 70000}});
  }
  sync(minutes(5));
  const Mix in_work = mix_of(world);
  EXPECT_GT(in_work.staged, 0);
  // The ends: won and lost, some within 72 hours; the rest of the inbound deals expires.
  for (std::size_t i = 0; i < ids.size(); ++i) {
    if (i % 4 == 0) world.crm_edit(ids[i], {{"stage", "won"}});
    if (i % 4 == 1) world.crm_edit(ids[i], {{"stage", "lost"}, {"loss_reason", "Budget"}});
  }
  sync(minutes(5));
  sync(days(4));
  sync(days(15));
  // Edits and reopenings after the end change nothing in Partner Center (L-7).
  for (std::size_t i = 0; i < ids.size(); i += 8) world.crm_edit(ids[i], {{"stage", "40"}, {"value", 1}});
  sync(minutes(5));
  const Mix end = mix_of(world);
  for (const int count : {end.won, end.lost, end.declined, end.expired, end.accepted, end.asked, end.shown}) {
    EXPECT_GT(count, 0);
  }
  EXPECT_EQ(end.won, 225);
  EXPECT_EQ(end.lost, 225);
  EXPECT_EQ(world.refused(Side::partner_center), 0);
}

}  // namespace
}  // namespace cosell::test
