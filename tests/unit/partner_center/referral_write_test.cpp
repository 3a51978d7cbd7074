// The bodies that go out: exactly the decided fields, in groups, in the form that the settings choose.
#include "connectors/partner_center/referral_write.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "deal/deal.h"

namespace cosell::partner_center {
namespace {

Operation create_of(Columns changes) {
  Operation op;
  op.kind = RecordKind::referral;
  op.verb = Verb::create;
  op.target.key = BridgeKey("006A");
  op.changes = std::move(changes);
  return op;
}

Columns full_deal() {
  Deal deal;
  deal.set(Field::name, std::string("Alder Foods"));
  deal.set(Field::value, Money{1'000'010, "EUR"});
  deal.set(Field::close_date, Date{2026, 9, 30});
  deal.set(Field::notes, std::string("First call done."));
  deal.set(Field::customer, Customer{"Alder Foods GmbH", "Hafen 12", "", "Hamburg", "HH", "20457", "DE"});
  deal.set(Field::customer_contacts, std::vector<Person>{{"Jon", "Alder", "+49", "jon@c.example"}});
  deal.set(Field::team, std::vector<Person>{{"Ida", "Berg", "+49", "ida@p.example"}});
  deal.set(Field::solutions, std::vector<Solution>{{"SOL-ABCDE-FGH", "Harbor", ""}});
  deal.set(Field::marketplace_intent, std::string("HaveNotDecided"));
  deal.set(Field::location, std::string("1234567"));
  deal.set(Field::stage, Stage::s40);
  return columns_from_deal(deal);
}

std::string at(const json::Value& body, std::initializer_list<std::string_view> path) {
  const json::Value* v = body.at_path(path);
  return v == nullptr ? "(absent)" : json::write(*v);
}

std::string patch_text(const Columns& changes, const PartnerCenterSettings& settings = {},
                       const Columns& expected = {}) {
  const Result<json::Value> patch = patch_body(changes, expected, settings);
  return patch ? json::write(*patch) : "error " + patch.error().rule;
}

TEST(ReferralCreate, APrivateDealTargetsNobodyAndSendsNoStatusAndNoStage) {
  const Result<json::Value> body = referral_body(create_of(full_deal()), {});
  ASSERT_TRUE(body.has_value());
  EXPECT_EQ(at(*body, {"type"}), "\"Independent\"");
  EXPECT_EQ(at(*body, {"target"}), "[]");
  EXPECT_EQ(at(*body, {"externalReferenceId"}), "\"006A\"");
  EXPECT_EQ(at(*body, {"consent", "consentToShareReferralWithMicrosoftSellers"}), "false");
  EXPECT_EQ(at(*body, {"consent", "consentToToShareInfoWithOthers"}), "true");
  EXPECT_EQ(at(*body, {"details", "dealValue"}), "10000.1");
  EXPECT_EQ(at(*body, {"details", "closingDateTime"}), "\"2026-09-30T00:00:00Z\"");
  EXPECT_EQ(at(*body, {"details", "requirements", "solutions"}),
            R"([{"id":"SOL-ABCDE-FGH","name":"Harbor","type":"Name"}])");
  EXPECT_EQ(at(*body, {"details", "requirements", "additionalRequirements", "attributes"}),
            R"([{"type":"CustomerMarketplaceIntent","id":"HaveNotDecided"}])");
  EXPECT_EQ(at(*body, {"mpnId"}), "\"1234567\"");
  for (const char* left_out : {"status", "substatus", "salesStage", "engagementId", "inviteContext"}) {
    EXPECT_EQ(body->find(left_out), nullptr) << left_out;
  }
}

TEST(ReferralCreate, AVisibleDealIsSharedAndTargetsItsSolution) {
  Columns changes = full_deal();
  changes["visible"] = Value(true);
  const Result<json::Value> body = referral_body(create_of(changes), {});
  ASSERT_TRUE(body.has_value());
  EXPECT_EQ(at(*body, {"type"}), "\"Shared\"");
  EXPECT_EQ(at(*body, {"target"}), R"([{"type":"SolutionProfile","id":"SOL-ABCDE-FGH"}])");
}

TEST(ReferralCreate, AskingForHelpMakesTheDealVisibleWhateverTheSecondAnswerIs) {
  Columns changes = full_deal();
  changes["visible"] = Value(false);
  changes["help"] = Value(std::string("ProofOfConceptOrDemo"));
  const Result<json::Value> body = referral_body(create_of(changes), {});
  ASSERT_TRUE(body.has_value());
  EXPECT_EQ(at(*body, {"consent", "consentToShareReferralWithMicrosoftSellers"}), "true");
}

TEST(ReferralCreate, NamesNoContactWhoRefusedToBeShared) {
  Columns changes = full_deal();
  changes["consent_contact"] = Value(false);
  const Result<json::Value> body = referral_body(create_of(changes), {});
  ASSERT_TRUE(body.has_value());
  EXPECT_EQ(at(*body, {"customerProfile", "team"}), "[]");
  EXPECT_EQ(at(*body, {"consent", "consentToContact"}), "false");
}

TEST(ReferralCreate, SendsTheStageOnlyWhenTheSettingSaysSo) {
  PartnerCenterSettings settings;
  settings.stage_at_create = true;
  EXPECT_EQ(at(*referral_body(create_of(full_deal()), settings), {"salesStage"}), "\"40\"");
  settings.stage_form = PartnerCenterSettings::StageForm::name;
  EXPECT_EQ(at(*referral_body(create_of(full_deal()), settings), {"salesStage"}), "\"Develop\"");
}

TEST(ReferralCreate, WithoutANameNothingIsSent) {
  Columns changes = full_deal();
  changes.erase("name");
  const Result<json::Value> body = referral_body(create_of(changes), {});
  ASSERT_FALSE(body.has_value());
  EXPECT_EQ(body.error().kind, ErrorClass::rejected);
  EXPECT_EQ(body.error().fields, std::vector<std::string>{"name"});
}

TEST(MicrosoftHalfCreate, JoinsTheEngagementAndSaysWhatHelpIsWanted) {
  Operation op = create_of(full_deal());
  op.kind = RecordKind::microsoft_half;
  op.engagement_id = "2b1f4f0e-6f7a-4a7e-8f40-9d2f7c1a5b33";
  op.changes["help"] = Value(std::string("ProofOfConceptOrDemo"));
  op.changes["help_notes"] = Value(std::string("A proof of concept in May."));
  op.changes["crm_id"] = Value(std::string("006A"));
  const Result<json::Value> body = microsoft_half_body(op, "org-1", {});
  ASSERT_TRUE(body.has_value());
  EXPECT_EQ(at(*body, {"engagementId"}), "\"2b1f4f0e-6f7a-4a7e-8f40-9d2f7c1a5b33\"");
  EXPECT_EQ(at(*body, {"target"}), R"([{"type":"BusinessProfileLocation","id":"msft"}])");
  EXPECT_EQ(at(*body, {"inviteContext"}),
            R"({"notes":"A proof of concept in May.","assistanceRequestCode":"ProofOfConceptOrDemo",)"
            R"("invitedBy":{"organizationId":"org-1"}})");
  EXPECT_EQ(at(*body, {"consent", "consentToShareReferralWithMicrosoftSellers"}), "true");
  EXPECT_EQ(at(*body, {"externalReferenceId"}), "\"006A\"");
  op.changes.erase("help");
  EXPECT_EQ(microsoft_half_body(op, "org-1", {}).error().rule, "T-6");
}

TEST(ReferralPatch, ValueAndCurrencyTravelTogetherWithTheExactAmount) {
  const Columns changes = {{"value", Value(Money{1'000'010, "EUR"})}};
  EXPECT_EQ(patch_text(changes), R"([{"op":"replace","path":"/details/dealValue","value":10000.1},)"
                                 R"({"op":"replace","path":"/details/currency","value":"EUR"}])");
  PartnerCenterSettings settings;
  settings.money_as_text = true;
  EXPECT_EQ(patch_text(changes, settings), R"([{"op":"replace","path":"/details/dealValue","value":"10000.1"},)"
                                           R"({"op":"replace","path":"/details/currency","value":"EUR"}])");
}

TEST(ReferralPatch, StatusSubstatusAndReasonTravelTogether) {
  EXPECT_EQ(
      patch_text({{"standing", Value(Standing{Status::closed, Substatus::lost, "Other vendor"})}}),
      R"([{"op":"replace","path":"/status","value":"Closed"},{"op":"replace","path":"/substatus","value":"Lost"},)"
      R"({"op":"replace","path":"/statusReason","value":"Other vendor"}])");
  EXPECT_EQ(
      patch_text({{"standing", Value(Standing{Status::active, Substatus::accepted, ""})}}),
      R"([{"op":"replace","path":"/status","value":"Active"},{"op":"replace","path":"/substatus","value":"Accepted"}])");
}

TEST(ReferralPatch, AcceptsBeforeAndClosesAfterTheOtherChanges) {
  const Columns edits = {{"close_date", Value(Date{2026, 12, 31})}, {"stage", Value(Stage::s20)}};
  Columns accept = edits;
  accept["standing"] = Value(Standing{Status::active, Substatus::accepted, ""});
  EXPECT_EQ(patch_text(accept).find(R"([{"op":"replace","path":"/status")"), 0u);
  Columns won = edits;
  won["standing"] = Value(Standing{Status::closed, Substatus::won, ""});
  const std::string text = patch_text(won);
  EXPECT_GT(text.find("/substatus"), text.find("/salesStage"));
}

TEST(ReferralPatch, WritesStagesInTheChosenForm) {
  PartnerCenterSettings names;
  names.stage_form = PartnerCenterSettings::StageForm::name;
  const auto stage = [](Stage s) { return Columns{{"stage", Value(s)}}; };
  EXPECT_EQ(patch_text(stage(Stage::s60)), R"([{"op":"replace","path":"/salesStage","value":"60"}])");
  EXPECT_EQ(patch_text(stage(Stage::s60), names), R"([{"op":"replace","path":"/salesStage","value":"Propose"}])");
  EXPECT_EQ(patch_text(stage(Stage::s80), names), R"([{"op":"replace","path":"/salesStage","value":"Close"}])");
  EXPECT_EQ(patch_text(stage(Stage::s10), names), "error stage-without-name");
  EXPECT_EQ(patch_text(stage(Stage::none)), "error not-clearable");
}

TEST(ReferralPatch, ClearsTextsThatMayBeEmptyAndRefusesTheOthers) {
  EXPECT_EQ(patch_text({{"campaign", Value()}}), R"([{"op":"replace","path":"/campaignId","value":""}])");  // R-8
  EXPECT_EQ(patch_text({{"value", Value()}}), "error not-clearable");
  EXPECT_EQ(patch_text({{"close_date", Value()}}), "error not-clearable");
  EXPECT_EQ(patch_text({{"notes", Value(Money{1, "EUR"})}}), "error wrong-type");
}

TEST(ReferralPatch, ReplacesTeamsAndSolutionsAsAWhole) {
  EXPECT_EQ(patch_text({{"team", Value(std::vector<Person>{{"Sam", "Cole", "+1", "s@p.example"}})}}),
            R"([{"op":"replace","path":"/team","value":[{"firstName":"Sam","lastName":"Cole","phoneNumber":"+1",)"
            R"("email":"s@p.example"}]}])");
}

TEST(ReferralPatch, NeverTakesTheLastMemberOfATeamOrTheLastSolution) {
  const Columns ida = {{"team", Value(std::vector<Person>{{"Ida", "Berg", "", "i@p.example"}})}};
  EXPECT_EQ(patch_text({{"team", Value()}}, {}, ida), "error not-clearable");
  EXPECT_EQ(patch_text({{"solutions", Value()}}), "error not-clearable");
  EXPECT_EQ(patch_text({{"customer_contacts", Value()}}),
            R"([{"op":"replace","path":"/customerProfile/team","value":[]}])");
}

TEST(ReferralPatch, AddsToAListThatOnlyGrewSoThatItsMembersKeepWhatTheBridgeDoesNotKnow) {
  const Solution harbor{"SOL-A", "Harbor", ""};
  const Solution link{"SOL-B", "Link", ""};
  const Columns both = {{"solutions", Value(std::vector<Solution>{harbor, link})}};
  const Columns first = {{"solutions", Value(std::vector<Solution>{harbor})}};
  const std::string added =
      R"([{"op":"add","path":"/details/requirements/solutions/-","value":{"id":"SOL-B","name":"Link","type":"Name"}}])";
  EXPECT_EQ(patch_text(both, {}, first), added);
  const std::string whole = R"([{"op":"replace","path":"/details/requirements/solutions","value":[)";
  EXPECT_THAT(patch_text(first, {}, both), testing::StartsWith(whole)) << "only so is one taken out";
  const Columns second = {{"solutions", Value(std::vector<Solution>{link})}};
  EXPECT_THAT(patch_text(second, {}, first), testing::StartsWith(whole)) << "one comes, another goes";
  EXPECT_THAT(patch_text(both, {}, {{"solutions", Value()}}), testing::StartsWith(whole)) << "there may be no list";
  EXPECT_EQ(
      patch_text({{"team", Value(std::vector<Person>{{"Ida", "Berg", "", "i@p.example"}, {"Sam", "Cole", "", ""}})}},
                 {}, {{"team", Value(std::vector<Person>{{"Ida", "Berg", "", "i@p.example"}})}})
          .substr(0, 30),
      R"([{"op":"add","path":"/team/-",)");
}

TEST(ReferralPatch, WritesThoseWhoStayInAListAsTheServiceHasThem) {
  const Person ida{"Ida", "Berg", "+49", "ida@p.example"};
  const Person sam{"Sam", "Cole", "+1", "sam@p.example"};
  const auto present = json::read(
      R"({"team":[{"firstName":"Ida","lastName":"Berg","phoneNumber":"+49","email":"Ida@p.example","title":"Lead",)"
      R"("emailValidationStatus":"Valid","contactPreference":{"locale":"de-de","disableNotifications":true}},)"
      R"({"firstName":"Sam","lastName":"Cole","phoneNumber":"+1","email":"sam@p.example"}],)"
      R"("details":{"requirements":{"solutions":[{"id":"SOL-A","name":"Harbor","type":"Name","price":120},)"
      R"({"id":"SOL-B","name":"Link","type":"Name"}]}}})");
  const auto patched = [&](const char* column, const Value& to, const Value& before) {
    const Columns changes = {{column, to}};
    const Columns expected = {{column, before}};
    EXPECT_TRUE(replaces_a_list(changes, expected));
    const auto patch = patch_body(changes, expected, {}, &*present);
    return patch ? json::write(patch->items().front()) : "error " + patch.error().message;
  };
  using People = std::vector<Person>;
  using Solutions = std::vector<Solution>;
  const std::string preference =
      R"("title":"Lead","contactPreference":{"locale":"de-de","disableNotifications":true}})";
  EXPECT_EQ(patched("team", Value(People{ida}), Value(People{ida, sam})),
            R"({"op":"replace","path":"/team","value":[{"firstName":"Ida","lastName":"Berg","phoneNumber":"+49",)"
            R"("email":"ida@p.example",)" +
                preference + "]}");
  Person moved = ida;
  moved.phone = "+45";
  EXPECT_THAT(patched("team", Value(People{moved, sam}), Value(People{ida, sam})),
              testing::AllOf(testing::HasSubstr(R"("phoneNumber":"+45")"), testing::HasSubstr(preference)));
  EXPECT_EQ(patched("solutions", Value(Solutions{{"SOL-A", "", "Name"}}),
                    Value(Solutions{{"SOL-A", "Harbor", "Name"}, {"SOL-B", "Link", "Name"}})),
            R"({"op":"replace","path":"/details/requirements/solutions","value":[)"
            R"({"id":"SOL-A","name":"Harbor","type":"Name","price":120}]})");
  EXPECT_FALSE(replaces_a_list({{"team", Value(People{ida, sam})}}, {{"team", Value(People{ida})}})) << "one is added";
  EXPECT_FALSE(replaces_a_list({{"team", Value(People{ida})}}, {{"team", Value()}})) << "nobody was there";
  EXPECT_FALSE(replaces_a_list({{"notes", Value(std::string("x"))}}, {}));
}

TEST(ReferralPatch, KeepsTheAttributesBesideTheMarketplaceIntent) {  // I-09
  PartnerCenterSettings settings;
  settings.patch_marketplace_intent = true;
  const Columns changes = {{"marketplace_intent", Value(std::string("Yes"))}};
  EXPECT_TRUE(replaces_a_list(changes, {{"marketplace_intent", Value(std::string("No"))}}));
  const auto patched = [&](const std::string& attributes) {
    const auto present =
        json::read(R"({"details":{"requirements":{"additionalRequirements":{"attributes":)" + attributes + "}}}}");
    const auto patch = patch_body(changes, {}, settings, &*present);
    return patch ? at(patch->items().front(), {"value"}) : std::string("error ") + name_of(patch.error().kind);
  };
  const std::string role = R"({"type":"PartnerRole","id":"Reseller"})";
  const std::string area = R"({"type":"SolutionArea","id":"Security","weight":2})";
  const std::string yes = R"({"type":"CustomerMarketplaceIntent","id":"Yes"})";
  EXPECT_EQ(patched("[" + role + R"(,{"type":"CustomerMarketplaceIntent","id":"No"},)" + area + "]"),
            "[" + role + "," + yes + "," + area + "]");
  EXPECT_EQ(patched("[" + role + "]"), "[" + role + "," + yes + "]");
  EXPECT_EQ(patched("null"), "[" + yes + "]");
  EXPECT_EQ(patch_body(changes, {}, settings).error().kind, ErrorClass::transient) << "what is there is not known";
}

TEST(ReferralPatch, VisibilityCanBeGivenButNotTakenBack) {
  EXPECT_EQ(patch_text({{"visible", Value(true)}}),
            R"([{"op":"replace","path":"/consent/consentToShareReferralWithMicrosoftSellers","value":true}])");
  EXPECT_EQ(patch_text({{"visible", Value(false)}}), "error U-8");
}

TEST(ReferralPatch, TheNameGoesOutOnlyWhenTheSettingSaysSo) {
  const Columns name = {{"name", Value(std::string("Alder"))}};
  EXPECT_EQ(patch_text(name), "error name-not-patchable");
  PartnerCenterSettings settings;
  settings.patch_name = true;
  EXPECT_EQ(patch_text(name, settings), R"([{"op":"replace","path":"/name","value":"Alder"}])");
}

TEST(ReferralPatch, FixedAndUnknownColumnsAreRefused) {
  EXPECT_EQ(patch_text({{"customer", Value(Customer{})}}), "error customer-not-patchable");
  EXPECT_EQ(patch_text({{"location", Value(std::string("1"))}}), "error location-not-patchable");
  EXPECT_EQ(patch_text({{"raw_status", Value(std::string("x"))}}), "error raw_status-not-patchable");
  EXPECT_EQ(patch_body({}, {}, {}).error().kind, ErrorClass::bug);
}

}  // namespace
}  // namespace cosell::partner_center
