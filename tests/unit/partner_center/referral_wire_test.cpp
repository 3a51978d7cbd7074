// What a referral on the wire becomes, and what the bridge must not make of it.
#include "connectors/partner_center/referral_wire.h"

#include <gtest/gtest.h>

#include "deal/deal.h"

namespace cosell::partner_center {
namespace {

constexpr const char* kLink = "https://portal.example/r?id={id}";

Observation read_text(const std::string& text) {
  const auto v = json::read(text);
  EXPECT_TRUE(v.has_value()) << text;
  const std::optional<RowHead> head = read_head(*v);
  EXPECT_TRUE(head.has_value()) << text;
  return read_referral(*v, *head, kLink);
}

Observation with(const std::string& members) {
  return read_text(R"({"id":"c5fbb3b6-0000-4000-8000-4324c73fed37","organizationId":"org-1")" +
                   (members.empty() ? "" : "," + members) + "}");
}

Deal deal_with(const std::string& members) { return deal_from_columns(with(members).columns); }

TEST(ReferralReading, TakesEveryPartOfAReceivedDeal) {
  const Observation seen = read_text(R"({
    "id": "C5FBB3B6-0000-4000-8000-4324C73FED37", "engagementId": "65edc0b5-0000-4000-8000-dfa9ef4706e2",
    "organizationId": "7d23e5ca-0000-4000-8000-5e6b559f0d1d", "name": "Birch Clinics - secure workplace",
    "externalReferenceId": "006XX000004C9aZ", "createdDateTime": "2026-02-02T09:15:42.4579542Z",
    "updatedDateTime": "2026-02-03T09:15:42.4579542Z", "expirationDateTime": "2026-02-16T00:00:00Z",
    "status": "New", "substatus": "Pending", "statusReason": null, "type": "Shared", "direction": "Incoming",
    "salesStage": null, "mpnId": "1234567", "campaignId": "SPRING-26", "registrationStatus": "None",
    "favorite": true, "tags": ["hot", "north"], "eTag": "\"2500ec5a-0000-0000-0000-5bf4967d0000\"",
    "customerProfile": {"name": "Birch Clinics plc", "address": {"addressLine1": "4 Canal Row", "addressLine2": "",
      "city": "Leeds", "state": "", "postalCode": "LS1 4AB", "country": "GB", "region": null},
      "team": [{"firstName": "Jo", "lastName": "Hill", "phoneNumber": "+44", "email": "jo@c.example"}], "ids": {}},
    "consent": {"consentToToShareInfoWithOthers": true, "ConsentToContact": true,
      "consentToShareReferralWithMicrosoftSellers": true},
    "details": {"notes": "Asks for a partner.", "dealValue": 60000.0, "currency": "GBP",
      "closingDateTime": "2026-05-01T00:00:00Z", "requirements": {
        "solutions": [{"id": "SOL-ABCDE-FGH", "name": "Harbor", "type": "Name", "publisherName": "x"}],
        "additionalRequirements": {"attributes": [{"type": "PartnerRole", "id": "z"},
          {"type": "CustomerMarketplaceIntent", "id": "HaveNotDecided"}]}}},
    "team": [{"firstName": "Ida", "lastName": "Berg", "phoneNumber": "1", "email": "i@p.example"}],
    "inviteContext": {"invitedBy": {"organizationId": "msft"}}, "trackingInfo": {"microsoftMsxId": "7-X1"}})");
  const Deal deal = deal_from_columns(seen.columns);

  EXPECT_EQ(seen.id.value, "c5fbb3b6-0000-4000-8000-4324c73fed37");
  EXPECT_EQ(seen.key.value, "006XX000004C9aZ");
  EXPECT_EQ(seen.version.value, "\"2500ec5a-0000-0000-0000-5bf4967d0000\"");
  EXPECT_EQ(to_string(seen.changed_at), "2026-02-03T09:15:42.457Z");
  EXPECT_EQ(deal.standing(), (Standing{Status::fresh, Substatus::pending, ""}));
  EXPECT_EQ(deal.get(Field::value), Value(Money{6'000'000, "GBP"}));
  EXPECT_EQ(deal.get(Field::close_date), Value(Date{2026, 5, 1}));
  EXPECT_EQ(deal.get(Field::customer),
            Value(Customer{"Birch Clinics plc", "4 Canal Row", "", "Leeds", "", "LS1 4AB", "GB"}));
  EXPECT_EQ(deal.get(Field::customer_contacts), Value(std::vector<Person>{{"Jo", "Hill", "+44", "jo@c.example"}}));
  EXPECT_EQ(deal.get(Field::team), Value(std::vector<Person>{{"Ida", "Berg", "1", "i@p.example"}}));
  EXPECT_EQ(deal.get(Field::solutions), Value(std::vector<Solution>{{"SOL-ABCDE-FGH", "Harbor", "Name"}}));
  EXPECT_EQ(deal.text(Field::marketplace_intent), "HaveNotDecided");
  EXPECT_EQ(deal.text(Field::location), "1234567");
  EXPECT_EQ(deal.text(Field::tags), "hot, north");
  EXPECT_EQ(deal.text(Field::direction), "Incoming");
  EXPECT_EQ(deal.text(Field::type), "co-sell");
  EXPECT_EQ(deal.text(Field::microsoft_crm_id), "7-X1");
  EXPECT_EQ(deal.text(Field::link), "https://portal.example/r?id=c5fbb3b6-0000-4000-8000-4324c73fed37");
  EXPECT_TRUE(deal.flag(Field::consent_contact));
  EXPECT_TRUE(deal.flag(Field::visible));
  EXPECT_TRUE(deal.flag(Field::favorite));  // D-3
  EXPECT_TRUE(is_blank(deal.get(Field::registration)));
  EXPECT_TRUE(deal.shows(Field::stage));
  EXPECT_TRUE(is_blank(deal.get(Field::stage)));
}

TEST(ReferralReading, NullAbsentAndEmptyAreTheSameBlank) {
  for (const char* form : {"", R"("externalReferenceId":null)", R"("externalReferenceId":"")"}) {
    const Deal deal = deal_with(form);
    EXPECT_TRUE(deal.shows(Field::crm_id)) << form;
    EXPECT_TRUE(is_blank(deal.get(Field::crm_id))) << form;
  }
  EXPECT_TRUE(is_blank(deal_with(R"("team":[])").get(Field::team)));
  EXPECT_TRUE(is_blank(deal_with(R"("team":[null,{"firstName":null,"lastName":"","email":""}])").get(Field::team)));
}

TEST(ReferralReading, KeepsUnknownStatusWordsRawAndGuessesNothing) {  // F-52
  const Observation seen = with(R"("status":"Paused","substatus":"Accepted")");
  EXPECT_EQ(text_of(column(seen.columns, "raw_status")), "Paused/Accepted");
  EXPECT_EQ(seen.columns.count("standing"), 0u);
  const Observation illegal = with(R"("status":"Active","substatus":"Won")");
  EXPECT_EQ(text_of(column(illegal.columns, "raw_status")), "Active/Won");
  EXPECT_EQ(illegal.columns.count("standing"), 0u);
}

TEST(ReferralReading, KeepsUnknownStageTextRawAndLeavesTheStageOut) {
  const Observation seen = with(R"("salesStage":"Ponder")");
  EXPECT_EQ(text_of(column(seen.columns, "raw_salesStage")), "Ponder");
  EXPECT_EQ(seen.columns.count("stage"), 0u);
}

TEST(ReferralReading, ReadsStagesAsPercentAndByName) {
  const auto stage = [](const std::string& members) { return deal_with(members).stage(); };
  EXPECT_EQ(stage(R"("salesStage":"20")"), Stage::s20);
  EXPECT_EQ(stage(R"("salesStage":60)"), Stage::s60);
  EXPECT_EQ(stage(R"("salesStage":"50")"), Stage::s40);
  EXPECT_EQ(stage(R"("salesStage":"5")"), Stage::s10);
  EXPECT_EQ(stage(R"("salesStage":"100")"), Stage::s100);
  EXPECT_EQ(stage(R"("salesStage":"Qualify")"), Stage::s20);
  EXPECT_EQ(stage(R"("salesStage":"Develop")"), Stage::s40);
  EXPECT_EQ(stage(R"("salesStage":"propose")"), Stage::s60);
  EXPECT_EQ(stage(R"("salesStage":"Close","status":"Active","substatus":"Accepted")"), Stage::s80);
  EXPECT_EQ(stage(R"("salesStage":"Close","status":"Closed","substatus":"Won")"), Stage::s100);
}

TEST(ReferralReading, TakesMoneyFromTheTextThatWasWritten) {
  const auto money = [](const std::string& value, const std::string& currency) {
    return deal_with(R"("details":{"dealValue":)" + value + R"(,"currency":")" + currency + R"("})").get(Field::value);
  };
  EXPECT_EQ(money("10000.10", "EUR"), Value(Money{1'000'010, "EUR"}));
  EXPECT_EQ(money("\"10000.10\"", "EUR"), Value(Money{1'000'010, "EUR"}));
  EXPECT_EQ(money("1.5e3", "USD"), Value(Money{150'000, "USD"}));
  EXPECT_EQ(money("90071992547409.93", "USD"), Value(Money{9'007'199'254'740'993, "USD"}));
  EXPECT_EQ(money("500", "JPY"), Value(Money{500, "JPY"}));
}

TEST(ReferralReading, KeepsAnAmountWithoutKnownCurrencyRaw) {  // F-53
  const Observation seen = with(R"("details":{"dealValue":12.50,"currency":"ZZZ"})");
  EXPECT_EQ(text_of(column(seen.columns, "raw_dealValue")), "12.50 ZZZ");
  EXPECT_EQ(seen.columns.count("value"), 0u);
}

TEST(ReferralReading, ACloseDateDoesNotMoveAtTheEdgesOfTheDay) {
  const auto date = [](const std::string& t) {
    return deal_with(R"("details":{"closingDateTime":")" + t + R"("})").get(Field::close_date);
  };
  EXPECT_EQ(date("2026-11-30T00:00:00Z"), Value(Date{2026, 11, 30}));
  EXPECT_EQ(date("2026-11-30T23:59:59.9999999Z"), Value(Date{2026, 11, 30}));
  EXPECT_EQ(date("2026-11-30T00:00:00+00:00"), Value(Date{2026, 11, 30}));
  EXPECT_EQ(date("2026-11-30T00:00:00"), Value(Date{2026, 11, 30}));
  const Observation odd = with(R"("details":{"closingDateTime":"soon"})");
  EXPECT_EQ(odd.columns.count("close_date"), 0u);
  EXPECT_EQ(odd.columns.count("raw_closingDateTime"), 1u);
}

TEST(ReferralReading, DecidesTheDirectionByWhoInvitedWhom) {
  const auto direction = [](const std::string& members) { return deal_with(members).text(Field::direction); };
  // Own deals have been seen with direction Incoming.
  EXPECT_EQ(direction(R"("direction":"Incoming","inviteContext":{"invitedBy":{"organizationId":"org-1"}})"),
            "Outgoing");
  EXPECT_EQ(direction(R"("direction":"Outgoing","inviteContext":{"invitedBy":{"organizationId":"msft"}})"), "Incoming");
  EXPECT_EQ(direction(R"("inviteContext":{"invitedBy":{"organizationId":"org-2"}})"), "Incoming");
  EXPECT_EQ(direction(R"("expirationDateTime":"2026-02-16T00:00:00Z")"), "Incoming");
  EXPECT_EQ(direction(R"("status":"New","substatus":"Pending")"), "Incoming");
  EXPECT_EQ(direction(R"("direction":"Incoming","status":"Active","substatus":"Accepted",
    "createdDateTime":"2026-02-02T09:00:00Z","acceptedDateTime":"2026-02-02T09:00:00Z")"),
            "Outgoing");
  EXPECT_EQ(direction(R"("direction":"Incoming","status":"Active","substatus":"Accepted",
    "createdDateTime":"2026-02-02T09:00:00Z","acceptedDateTime":"2026-02-04T09:00:00Z")"),
            "Incoming");
}

TEST(ReferralReading, SurvivesMembersOfTheWrongKind) {
  const Observation seen = with(
      R"("name":7,"team":"nobody","customerProfile":[],"details":"x","consent":null,"target":5,"tags":{},"salesStage":[1])");
  EXPECT_EQ(seen.id.value, "c5fbb3b6-0000-4000-8000-4324c73fed37");
  EXPECT_TRUE(is_blank(column(seen.columns, "customer")));
  EXPECT_EQ(seen.columns.count("stage"), 0u);
}

TEST(ReferralReading, ARowWithoutIdIsNoReferral) {
  EXPECT_FALSE(read_head(*json::read(R"({"name":"x"})")).has_value());
  EXPECT_FALSE(read_head(*json::read("[1]")).has_value());
}

TEST(MicrosoftHalf, ShowsAnswerReasonSellerAndHelp) {
  const auto v = json::read(R"({"id":"h-1","engagementId":"e-1","organizationId":"msft","status":"Closed",
    "substatus":"Declined","statusReason":"No corresponding Microsoft customer record could be found",
    "inviteContext":{"assistanceRequestCode":"ProofOfConceptOrDemo","notes":"Please help."},
    "team":[{"firstName":"Sasha","lastName":"Lind"}],"expirationDateTime":"2026-03-15T00:00:00Z"})");
  const std::optional<RowHead> head = read_head(*v);
  EXPECT_EQ(whose(*head, "org-1"), Whose::microsoft);
  const Observation half = read_microsoft_half(*v, *head);
  EXPECT_EQ(half.kind, RecordKind::microsoft_half);
  EXPECT_EQ(half.key.value, "e-1");
  EXPECT_EQ(text_of(column(half.columns, "microsoft_answer")), "declined");
  EXPECT_EQ(text_of(column(half.columns, "microsoft_reason")),
            "No corresponding Microsoft customer record could be found");
  EXPECT_EQ(text_of(column(half.columns, "microsoft_seller")), "Sasha Lind");
  EXPECT_EQ(text_of(column(half.columns, "help")), "ProofOfConceptOrDemo");
}

TEST(Ownership, TellsOursMicrosoftsAndOthersApart) {
  const auto of = [](const std::string& members) {
    return whose(*read_head(*json::read(R"({"id":"1",)" + members + "}")), "org-1");
  };
  EXPECT_EQ(of(R"("organizationId":"org-1")"), Whose::ours);
  EXPECT_EQ(of(R"("organizationId":"ORG-1")"), Whose::others) << "only GUIDs are compared without case";
  EXPECT_EQ(of(R"("organizationId":"msft")"), Whose::microsoft);
  EXPECT_EQ(of(R"("organizationId":"org-9","target":[{"type":"BusinessProfileLocation","id":"msft"}])"),
            Whose::microsoft);
  EXPECT_EQ(of(R"("organizationId":"org-2")"), Whose::others);
}

TEST(CrmIds, AreComparedByMeaning) {
  EXPECT_TRUE(same_crm_id("{7D1E2F60-11AA-4C6E-9B0E-1F2A3B4C5D6E}", "7d1e2f60-11aa-4c6e-9b0e-1f2a3b4c5d6e"));
  EXPECT_TRUE(same_crm_id("006XX000004C9aZ", "006XX000004C9aZYAS"));
  EXPECT_FALSE(same_crm_id("006XX000004C9aZ", "006XX000004C9azYAS"));
  EXPECT_FALSE(same_crm_id("", ""));
}

}  // namespace
}  // namespace cosell::partner_center
