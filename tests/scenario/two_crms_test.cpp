// The same pipeline in different CRMs: Partner Center gets the same deals.
#include <gtest/gtest.h>

#include "tests/support/world.h"

namespace cosell::test {
namespace {

// A pipeline with something of everything; what is left out is as usual_opportunity has it.
std::vector<Json> pipeline() {
  std::vector<Json> deals;
  const auto add = [&deals](const std::string& name, const Json& more) {
    Json words = usual_opportunity(name);
    words.update(more);
    deals.push_back(std::move(words));
  };
  add("Plain", Json::object());
  add("Not opted in", {{"opt_in", false}});
  add("Visible", {{"visible", true}});
  add("Euros and cents", {{"value", 1234.56}, {"currency", "EUR"}, {"stage", "60"}});
  add("Yen", {{"value", 1234567}, {"currency", "JPY"}, {"stage", "80"}});
  add("Early", {{"stage", "10"}});
  add("Without amount", {{"value", nullptr}});
  add("Won before", {{"stage", "won"}});
  add("Lost before", {{"stage", "lost"}, {"loss_reason", "Budget"}});
  add("Help without a contact", {{"help", "ProofOfConceptOrDemo"}});
  add("Grüße 🚀 \"quoted\" & 'more'", {{"notes", "two\nlines"}, {"close_date", "2028-02-29"}});
  add("Elsewhere", {{"account", {{"name", "Birch Clinics plc"}, {"city", "Leeds"}, {"country", "GB"}}}});
  return deals;
}

struct Outcome {
  std::map<std::string, Json> referrals;                             // by name
  std::map<std::string, std::pair<std::string, std::string>> deals;  // by title: state and reason
};

// Ids, times and versions are everybody's own; so are the people who sell in the two emulated organisations.
Json comparable(Json referral) {
  for (const char* own : {"id", "engagementId", "externalReferenceId", "eTag", "@odata.etag", "createdDateTime",
                          "updatedDateTime", "acceptedDateTime", "links", "team"}) {
    referral.erase(own);
  }
  return referral;
}

Outcome outcome_of(World& world) {
  Outcome out;
  for (const Json& referral : world.referrals()) out.referrals[referral["name"]] = comparable(referral);
  for (const auto& deal : world.deals()) out.deals[deal.title] = {name_of(deal.state), deal.reason};
  return out;
}

TEST(TwoCrms, TheSamePipelineMakesTheSameReferrals) {
  World salesforce({.crm = "salesforce"});
  World dynamics365({.crm = "dynamics365"});
  for (World* world : {&salesforce, &dynamics365}) {
    for (const Json& words : pipeline()) world->new_opportunity(words);
    EXPECT_FALSE(world->sync().stopped);
  }
  auto one = outcome_of(salesforce);
  auto other = outcome_of(dynamics365);
  EXPECT_EQ(one.referrals.size(), 7U);
  EXPECT_EQ(one.referrals, other.referrals);
  EXPECT_EQ(one.deals, other.deals);

  // And then the same edits on either side.
  for (World* world : {&salesforce, &dynamics365}) {
    world->advance(minutes(5));
    world->sync();
    for (const Json& o : world->opportunities()) {
      if (o["name"] == "Plain") world->crm_edit(o["id"], {{"stage", "won"}});
      if (o["name"] == "Visible") world->crm_edit(o["id"], {{"stage", "lost"}, {"loss_reason", "Budget"}});
      if (o["name"] == "Yen") world->crm_edit(o["id"], {{"value", 7654321}, {"close_date", "2027-12-31"}});
      if (o["name"] == "Without amount") world->crm_edit(o["id"], {{"value", 5}});
    }
    for (const Json& referral : world->referrals()) {
      if (referral["name"] != "Early") continue;
      world->portal_edit(referral["id"], {{{"op", "replace"}, {"path", "/salesStage"}, {"value", "60"}},
                                          {{"op", "replace"}, {"path", "/details/dealValue"}, {"value", 99.5}}});
    }
    world->advance(minutes(5));
    EXPECT_EQ(world->sync().failures_total, 0);
  }
  one = outcome_of(salesforce);
  other = outcome_of(dynamics365);
  EXPECT_EQ(one.referrals.at("Plain")["substatus"], "Won");
  EXPECT_EQ(one.referrals.at("Visible")["statusReason"], "Budget");
  EXPECT_EQ(one.referrals, other.referrals);
  EXPECT_EQ(one.deals, other.deals);
  // Messages name columns, which every CRM calls by its own names.
  const auto in_crm = [](World& world, const std::string& name) {
    std::map<std::string, Json> words;
    for (const Json& o : world.opportunities()) {
      if (o["name"] != name) continue;
      for (const auto& word : o.items()) words[word.key()] = word.value();
    }
    for (const char* own : {"id", "account", "referral_id", "referral_link", "message"}) words.erase(own);
    return words;
  };
  for (const auto& deal : one.deals) {
    EXPECT_EQ(in_crm(salesforce, deal.first), in_crm(dynamics365, deal.first)) << deal.first;
  }
}

}  // namespace
}  // namespace cosell::test
