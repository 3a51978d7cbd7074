// The rules of the referral system that a request can break: each is broken once, and the service answers 400. A bridge
// that forgot one of them fails against it.
//
// Not here, because no request shows them: what people do or Microsoft decides (T-7, T-11, D-…, L-10, M-…, A-…), what
// Partner Center derives by itself whatever is sent (T-6, L-4, L-5, S-1, S-2, S-7), what is optional (R-7, R-8, S-8),
// and assessments and the details of partners' invitations, whose form on the wire is not documented (S-10, R-12, R-21
// to R-27).
#include <functional>
#include <set>

#include "tests/unit/partner_center_emulator/tenant.h"

namespace cosell::emulator {
namespace {

struct Broken {
  const char* rule;
  std::string what;
  std::function<Reply()> request;
};

class PartnerCenterRules : public Tenant {
 protected:
  static Json with(Json document, const std::string& pointer, Json value) {
    document[Json::json_pointer(pointer)] = std::move(value);
    return document;
  }
  Reply created_with(const std::string& pointer, Json value) { return create(with(deal(), pointer, std::move(value))); }
  Reply help_with(const std::string& pointer, Json value) {
    const std::string engagement = create(deal(true)).text("/engagementId");
    return create(with(help_wanted(engagement), pointer, std::move(value)));
  }
  Reply close(const std::string& id, const std::string& substatus, const std::string& reason = "") {
    Json operations = changes({{"/status", "Closed"}, {"/substatus", substatus}});
    if (!reason.empty()) operations.push_back(changes({{"/statusReason", reason}})[0]);
    return patch(id, operations);
  }
  std::string closed(const std::string& substatus, const std::string& id) {
    EXPECT_EQ(close(id, substatus, "because").status, 204) << substatus;
    return id;
  }
  std::string inbound() { return control("inbound").text("/id"); }
  std::string expired() {
    const std::string id = inbound();
    pass(days(15));
    EXPECT_EQ(get(id).text("/substatus"), "Expired");
    return id;
  }
  // A referral that asks Microsoft or a partner to join the deal.
  Reply invite(const std::string& id, const char* whom = "msft") {
    return create(with(help_wanted(get(id).text("/engagementId")), "/target/0/id", whom));
  }

  Json registration() {
    const std::string today = to_string_seconds(clock_.now());
    return Json{
        {"type", "AzureIPCoSell"},
        {"contract",
         {{"value", 95000},
          {"currency", "EUR"},
          {"signDateTime", today},
          {"startDateTime", today},
          {"term", "Perpetual"}}},
        {"solutionDetails", Json::array({{{"id", "SOL-ABCDE-FGH"},
                                          {"value", 95000},
                                          {"currency", "EUR"},
                                          {"isDeployedOnAzure", true},
                                          {"primaryDeploymentOn", "Customer"},
                                          {"pricingModel", "Other"},
                                          {"marketplaceTransactionDetails", {{"isMarketplaceTransacted", false}}}}})}};
  }
  Reply register_deal(const std::string& id) { return patch(id, changes({{"/registrations/-", registration()}})); }
  Reply register_with(const std::string& id, const std::string& pointer, Json value) {
    return patch(id, changes({{"/registrations/-", with(registration(), pointer, std::move(value))}}));
  }
  // Won after its 72 hours.
  std::string won(const Json& referral, const std::function<void(const std::string&)>& before = {}) {
    const std::string id = make(referral);
    if (before) before(id);
    pass(hours(73));
    return closed("Won", id);
  }

  std::vector<Broken> at_creation();
  std::vector<Broken> of_invitations();
  std::vector<Broken> of_life();
  std::vector<Broken> of_registration();

  static constexpr const char* kPartner = "01e2abcd-0000-4000-8000-1fd1530b3563";
};

std::vector<Broken> PartnerCenterRules::at_creation() {
  std::vector<Broken> list;
  const auto add = [&](const char* rule, const std::string& pointer, const Json& value) {
    list.push_back({rule, pointer + " = " + value.dump(), [=, this] { return created_with(pointer, value); }});
  };
  for (const char* part : {"name", "address/addressLine1", "address/city", "address/country"}) {
    add("R-1", std::string("/customerProfile/") + part, "");
  }
  add("R-1", "/customerProfile/address/country", "Germany");
  add("R-2", "/consent/consentToContact", false);
  add("R-2", "/consent/consentToToShareInfoWithOthers", false);
  add("R-3", "/name", "");
  add("R-4", "/mpnId", "");
  add("R-5", "/details/dealValue", nullptr);
  add("R-5", "/details/dealValue", -1);
  add("R-5", "/details/currency", "");
  add("R-5", "/details/currency", "XXQ");
  add("R-6", "/details/closingDateTime", "");
  add("R-6", "/details/closingDateTime", "next spring");
  add("R-9", "/details/notes", "");
  add("R-10", "/team", Json::array());
  add("R-10", "/team/0/phoneNumber", "");
  add("R-11", "/details/requirements/solutions", Json::array());
  add("R-11", "/details/requirements/solutions/0/id", "");
  list.push_back({"R-4", "a location of somebody else", [this] {
                    set("mpn_ids", Json::array({"7654321"}));
                    const Reply reply = create(deal());
                    set("mpn_ids", Json::array());
                    return reply;
                  }});
  return list;
}

std::vector<Broken> PartnerCenterRules::of_invitations() {
  return {
      {"R-2", "help without a customer contact", [this] { return help_with("/customerProfile/team", Json::array()); }},
      {"R-2", "a contact without a phone", [this] { return help_with("/customerProfile/team/0/phoneNumber", ""); }},
      {"T-8", "help for a deal that Microsoft may not see", [this] { return invite(make(deal(false))); }},
      {"U-4", "Microsoft invited to a deal that it sent", [this] { return invite(inbound()); }},
      {"U-4", "a partner invited to a deal that Microsoft sent", [this] { return invite(inbound(), kPartner); }},
      {"U-7", "help for a won deal", [this] { return invite(closed("Won", make(deal(true)))); }},
      {"U-7", "a lost deal shown to Microsoft",
       [this] {
         return patch(closed("Lost", make(deal())), changes({{kShareFlag, true}}));
       }},
      {"U-8", "a shown deal made private again",
       [this] {
         return patch(make(deal(true)), changes({{kShareFlag, false}}));
       }},
      {"U-9", "help for an expired deal", [this] { return invite(expired()); }},
      {"R-20", "a partner invited through the API", [this] { return invite(make(deal(true)), kPartner); }},
  };
}

std::vector<Broken> PartnerCenterRules::of_life() {
  std::vector<Broken> list = {
      {"L-1", "a value before the answer",
       [this] {
         return patch(inbound(), changes({{"/details/dealValue", 1}}));
       }},
      {"L-1", "notes before the answer",
       [this] {
         return patch(inbound(), changes({{"/details/notes", "Hello"}}));
       }},
      {"L-1", "the CRM's id before the answer",
       [this] {
         return patch(inbound(), changes({{"/externalReferenceId", "006"}}));
       }},
      {"L-1", "a team before the answer",
       [this] {
         return patch(inbound(), changes({{"/team/-", person("Ida", "ida@partner.example")}}));
       }},
      {"L-2", "accepted with its value emptied",
       [this] {
         return patch(inbound(),
                      changes({{"/status", "Active"}, {"/substatus", "Accepted"}, {"/details/dealValue", nullptr}}));
       }},
      {"L-3", "declined, but not closed",
       [this] {
         return patch(inbound(), changes({{"/substatus", "Declined"}}));
       }},
      {"L-4", "expired by the partner", [this] { return close(inbound(), "Expired", "because"); }},
      {"L-5", "an own deal put back to waiting",
       [this] {
         return patch(make(deal()), changes({{"/status", "New"}, {"/substatus", "Pending"}}));
       }},
      {"L-6", "the customer changed",
       [this] {
         return patch(make(deal()), changes({{"/customerProfile/name", "B"}}));
       }},
      {"L-6", "the location changed",
       [this] {
         return patch(make(deal()), changes({{"/mpnId", "7654321"}}));
       }},
      {"L-8", "won before it was accepted", [this] { return close(inbound(), "Won"); }},
      {"L-8", "lost before it was accepted", [this] { return close(inbound(), "Lost", "because"); }},
      {"L-8", "declined after it was accepted", [this] { return close(make(deal()), "Declined", "because"); }},
      {"L-8", "closed as created in error", [this] { return close(make(deal()), "Error", "because"); }},
      {"L-9", "declined without a reason", [this] { return close(inbound(), "Declined"); }},
      {"L-9", "lost without a reason", [this] { return close(make(deal()), "Lost"); }},
      {"L-11", "a stage before the answer",
       [this] {
         return patch(inbound(), changes({{"/salesStage", "20"}}));
       }},
      {"L-11", "a stage that does not exist",
       [this] {
         return patch(make(deal()), changes({{"/salesStage", "50"}}));
       }},
      {"S-9", "a stage of the company's own",
       [this] {
         return patch(make(deal()), changes({{"/salesStage", "Scoping"}}));
       }},
  };
  for (const char* outcome : {"Won", "Lost", "Declined", "Expired"}) {
    const auto ended = [this, outcome] {
      const std::string how = outcome;
      if (how == "Expired") return expired();
      return closed(how, how == "Declined" ? inbound() : make(deal()));
    };
    const auto add = [&](const std::string& what, const std::vector<std::pair<std::string, Json>>& values) {
      list.push_back(
          {"L-7", std::string(outcome) + ", then " + what, [=, this] { return patch(ended(), changes(values)); }});
    };
    add("opened again", {{"/status", "Active"}, {"/substatus", "Accepted"}});
    add("closed otherwise", {{"/substatus", std::string(outcome) == "Won" ? "Lost" : "Won"}});
    add("a value", {{"/details/dealValue", 7}});
    add("a stage", {{"/salesStage", "80"}});
    add("the CRM's id", {{"/externalReferenceId", "006"}});
  }
  return list;
}

std::vector<Broken> PartnerCenterRules::of_registration() {
  const auto with_answer = [this](const char* answer) {
    return won(deal(true), [=, this](const std::string& id) {
      EXPECT_EQ(invite(id).status, 200);
      if (*answer != '\0') control("microsoft", Json{{"referralId", id}, {"action", answer}});
    });
  };
  return {
      {"G-1", "a deal that is not won", [this] { return register_deal(make(deal(true))); }},
      {"G-1", "a lost deal", [this] { return register_deal(closed("Lost", make(deal(true)))); }},
      {"G-1", "a value under 25,000 dollars",
       [this] { return register_deal(won(with(deal(true), "/details/dealValue", 23'000))); }},
      {"G-1", "Microsoft has not answered", [=, this] { return register_deal(with_answer("")); }},
      {"G-1", "Microsoft declined", [=, this] { return register_deal(with_answer("decline")); }},
      {"G-2", "a solution that is not on the deal",
       [this] { return register_with(won(deal(true)), "/solutionDetails/0/id", "SOL-OTHER"); }},
      {"G-2", "a solution without incentives",
       [this] {
         set("registration_solutions", Json::array({"SOL-OTHER"}));
         const Reply reply = register_deal(won(deal(true)));
         set("registration_solutions", Json::array());
         return reply;
       }},
      {"G-3", "won on its first day", [this] { return register_deal(closed("Won", make(deal(true)))); }},
      {"G-5", "registered twice",
       [this] {
         const std::string id = won(deal(true));
         EXPECT_EQ(register_deal(id).status, 204);
         return register_deal(id);
       }},
      {"G-5", "corrected although nothing was asked",
       [this] {
         const std::string id = won(deal(true));
         EXPECT_EQ(register_deal(id).status, 204);
         return patch(id, changes({{"/registrations/0/contract/value", 90'000}}));
       }},
      {"G-7", "a private deal", [this] { return register_deal(won(deal(false))); }},
      // A deal between partners, while Microsoft is not in it.
      {"T-2", "a deal with another partner",
       [this] {
         set("partner_invitations", true);
         const std::string id =
             won(deal(true), [this](const std::string& own) { EXPECT_EQ(invite(own, kPartner).status, 200); });
         set("partner_invitations", false);
         return register_deal(id);
       }},
  };
}

TEST_F(PartnerCenterRules, AnIllegalRequestIsAnsweredWith400) {
  std::set<std::string> broken;
  for (const auto& list : {at_creation(), of_invitations(), of_life(), of_registration()}) {
    for (const Broken& b : list) {
      const Reply reply = b.request();
      EXPECT_EQ(reply.status, 400) << b.rule << ": " << b.what;
      EXPECT_NE(reply.text("/error/message"), "") << b.rule << ": " << b.what;
      broken.insert(b.rule);
    }
  }
  const std::set<std::string> on_the_wire = {"R-1",  "R-2",  "R-3", "R-4",  "R-5", "R-6", "R-9", "R-10",
                                             "R-11", "R-20", "T-2", "T-8",  "U-4", "U-7", "U-8", "U-9",
                                             "L-1",  "L-2",  "L-3", "L-4",  "L-5", "L-6", "L-7", "L-8",
                                             "L-9",  "G-1",  "G-2", "L-11", "S-9", "G-3", "G-5", "G-7"};
  EXPECT_EQ(broken, on_the_wire);
}

TEST_F(PartnerCenterRules, TheSameDealsAreTakenWhenNothingIsWrong) {
  EXPECT_EQ(register_deal(won(deal(true))).status, 204) << "T-10: partner-led, without an invitation of Microsoft";
  const auto accepted = [this](const std::string& id) {
    EXPECT_EQ(invite(id).status, 200);  // U-1, U-3
    control("microsoft", Json{{"referralId", id}, {"action", "accept"}});
  };
  EXPECT_EQ(register_deal(won(deal(true), accepted)).status, 204);  // G-1
  set("partner_invitations", true);
  const std::string between_partners = won(deal(true), [&](const std::string& id) {
    EXPECT_EQ(invite(id, kPartner).status, 200);
    accepted(id);  // U-5
  });
  EXPECT_EQ(register_deal(between_partners).status, 204) << "T-2: Microsoft joined";
  for (const char* stage : {"20", "80", "40", "60"}) {
    const std::string id = make(deal());
    EXPECT_EQ(patch(id, changes({{"/salesStage", stage}})).status, 204) << "S-8: " << stage;
  }
  set("new_accepts_edits", true);
  EXPECT_EQ(patch(inbound(), changes({{"/details/notes", "Hello"}})).status, 204) << "L-1 by default only";
}

}  // namespace
}  // namespace cosell::emulator
